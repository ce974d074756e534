import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { whileFlipped } from "../../tests/support/damage.ts";
import { storedTiny } from "../../tests/support/stored-tiny.ts";
import { openArtifactFolder } from "../store/artifacts.ts";
import { diskFileSystem } from "../store/file-system.ts";
import { codecs } from "./ports.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-ports-"));
afterAll(() => rmSync(folder, { recursive: true }));

const hold = async () => {};
/** As a worker that starts now would read it: nothing is verified yet. */
async function freshly() {
  const read: string[] = [];
  const open: typeof diskFileSystem.open = (path, ...rest) => {
    read.push(basename(String(path)));
    return diskFileSystem.open(path, ...rest);
  };
  const artifacts = await openArtifactFolder(folder, hold, { ...diskFileSystem, open });
  read.length = 0;
  return { artifacts, read };
}

describe("a policy's codec", () => {
  it("reads and verifies the tokenizer's files, and of the weights no more than their size", async () => {
    const policy = await storedTiny(await openArtifactFolder(folder, hold), 1);
    const { artifacts, read } = await freshly();
    const codec = await codecs(artifacts)(policy);
    expect(codec.encodeToolResults([], false).length).toBeGreaterThan(0);
    expect(read).toEqual([
      "config.json",
      "generation_config.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const at = await artifacts.pathOf(policy);
    expect(read.slice(4)).toContain("model.safetensors");

    const corrupt = { type: "ArtifactCorrupt", fields: { kind: "checkpoint", hash: policy.hash } };
    const refuses = async () => {
      const { artifacts: again } = await freshly();
      await expect(codecs(again)(policy)).rejects.toMatchObject(corrupt);
    };
    await whileFlipped(join(at, "tokenizer.json"), 800, refuses);
    await whileFlipped(join(at, "manifest.json"), 800, refuses);
    await whileFlipped(join(at, "model.safetensors"), 80_000, async () => {
      const { artifacts: again } = await freshly();
      await codecs(again)(policy);
      await expect(again.pathOf(policy)).rejects.toMatchObject(corrupt);
    });
    truncateSync(join(at, "model.safetensors"), 1000);
    await refuses();
  });

  it("that was taken away since it was verified is lost, not unreadable", async () => {
    const artifacts = await openArtifactFolder(folder, hold);
    const policy = await storedTiny(artifacts, 2);
    rmSync(join(await artifacts.pathOf(policy), "tokenizer.json"));
    await expect(codecs(artifacts)(policy)).rejects.toMatchObject({
      type: "ArtifactCorrupt",
      fields: { kind: "checkpoint", hash: policy.hash },
    });
  });
});

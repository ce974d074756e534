/**
 * Every damage is seen: stored files cut off at each 512 bytes, and one bit flipped in each 4 KiB. What was stored before
 * is used in its place, and storing the same content again mends it.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ArtifactRef, ArtifactStore } from "../src/core/ports/artifacts.ts";
import { seededRandom } from "../src/core/random.ts";
import { artifactPath, openArtifactFolder } from "../src/store/artifacts.ts";
import { diskFileSystem } from "../src/store/file-system.ts";
import { hasArtifacts } from "../src/store/named-artifacts.ts";
import { whileFlipped, whileTruncated } from "./support/damage.ts";
import { storedTiny } from "./support/stored-tiny.ts";

let root: string;
let store: ArtifactStore;
let previous: ArtifactRef;
let newest: ArtifactRef;
let batch: ArtifactRef;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "ratchet-damage-"));
  store = await openArtifactFolder(root, async () => {});
  previous = await storedTiny(store, 1);
  newest = await storedTiny(store, 2);
  const rows = Array.from({ length: 500 }, (_, row) => ({ tokens: [row, row + 1], advantage: row / 7 }));
  batch = await store.putJson("batch", rows);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const corrupt = expect.objectContaining({ type: "ArtifactCorrupt" });
/** As a worker that starts now would read it: nothing of it is verified yet. */
const freshly = () => openArtifactFolder(root, async () => {});

/** Damages a file in every way and counts how often `read` refused it. */
async function refusals(path: string, read: () => Promise<unknown>) {
  const { size } = statSync(path);
  const random = seededRandom(size);
  let refused = 0;
  const check = async () => {
    expect(await read().catch((error: unknown) => error)).toEqual(corrupt);
    refused += 1;
  };
  const lengths = Array.from({ length: Math.ceil(size / 512) }, (_, block) => block * 512);
  await whileTruncated(path, lengths, check);
  for (let block = 0; block < size; block += 4096)
    await whileFlipped(path, block * 8 + random.integer(8 * Math.min(4096, size - block)), check);
  return refused;
}

describe("a damaged checkpoint", () => {
  it("is refused, whichever file is cut off wherever, or has one bit changed", async () => {
    const path = artifactPath(root, newest);
    const reader = await freshly();
    const counts: Record<string, number> = {};
    for (const name of readdirSync(path))
      counts[name] = await refusals(join(path, name), () => reader.pathOf(newest));
    expect(counts).toEqual({
      "config.json": 3,
      "generation_config.json": 2,
      "manifest.json": 3,
      "model.safetensors": 1023,
      "tokenizer.json": 9,
      "tokenizer_config.json": 3,
    });
    expect(await reader.pathOf(newest)).toBe(path);
  });

  it("is refused with a file, or a folder, that its manifest does not name", async () => {
    const extra = join(artifactPath(root, newest), "adapter_model.safetensors");
    for (const add of [() => writeFileSync(extra, "other weights"), () => mkdirSync(extra)]) {
      add();
      await expect((await freshly()).pathOf(newest)).rejects.toMatchObject({
        type: "ArtifactCorrupt",
        message: expect.stringContaining('"adapter_model.safetensors" is not in its manifest'),
      });
      rmSync(extra, { recursive: true });
    }
    expect(await (await freshly()).pathOf(newest)).toBe(artifactPath(root, newest));
  });

  it("leaves the one before it in use, and is whole once it is stored again", async () => {
    const weights = join(artifactPath(root, newest), "model.safetensors");
    await whileFlipped(weights, 80_000, async () => {
      const reader = await freshly();
      await expect(reader.pathOf(newest)).rejects.toEqual(corrupt);
      expect(await reader.pathOf(previous)).toBe(artifactPath(root, previous));
      expect(await storedTiny(store, 2)).toEqual(newest);
    });
    expect(await (await freshly()).pathOf(newest)).toBe(artifactPath(root, newest));
  });
});

describe("a damaged JSON artifact", () => {
  it("is refused, and the step that made it has to make it again", async () => {
    const path = artifactPath(root, batch);
    const read = async () => {
      expect(await hasArtifacts(diskFileSystem, root, { batch: { ...batch } })).toBe(false);
      return store.getJson(batch);
    };
    expect(await hasArtifacts(diskFileSystem, root, { batch: { ...batch } })).toBe(true);
    expect(await refusals(path, read)).toBe(54);
    expect(await store.getJson(batch)).toHaveLength(500);
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { storedTiny } from "../../tests/support/stored-tiny.ts";
import { openArtifactFolder } from "../store/artifacts.ts";
import { codecs } from "./ports.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-ports-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("a policy whose tokenizer was taken away since it was verified is lost, not unreadable", async () => {
  const artifacts = await openArtifactFolder(folder, async () => {});
  const policy = await storedTiny(artifacts);
  rmSync(join(await artifacts.pathOf(policy), "tokenizer.json"));
  await expect(codecs(artifacts)(policy)).rejects.toMatchObject({
    type: "ArtifactCorrupt",
    fields: { kind: "checkpoint", hash: policy.hash },
  });
});

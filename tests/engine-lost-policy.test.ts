/** A stored policy that goes between its verification and its reading is lost, and can be made again: it is not unreadable. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { ArtifactStore } from "../src/core/ports/artifacts.ts";
import { createEngine } from "../src/engine/runtime/client.ts";
import { openArtifactFolder } from "../src/store/artifacts.ts";
import { storedTiny } from "./support/stored-tiny.ts";

const home = mkdtempSync(join(tmpdir(), "ratchet-lost-"));
afterAll(() => rmSync(home, { recursive: true }));

it("is said by the engine, whether a file of it is gone or all of it", async () => {
  const store = await openArtifactFolder(join(home, "artifacts"), async () => {});
  const ref = await storedTiny(store);
  const folder = await store.pathOf(ref);
  rmSync(join(folder, "model.safetensors"));
  const sampled = async (artifacts: ArtifactStore) => {
    const engine = createEngine({
      artifacts,
      threads: 1,
      lockFile: join(home, "device.lock"),
      stallMs: 60_000,
    });
    const requests = [{ prompt: [1, 2, 3], seeds: [1] }];
    const options = { temperature: 1, topP: 1, maxNewTokens: 4 };
    return engine
      .sample(ref, requests, options, () => {}, new AbortController().signal)
      .finally(() => engine.close());
  };
  const fields = { kind: "checkpoint", hash: ref.hash };
  await expect(sampled(store)).rejects.toMatchObject({ type: "ArtifactCorrupt", fields });
  const collected = await openArtifactFolder(join(home, "empty"), async () => {});
  const late = { ...collected, pathOf: async () => folder };
  await expect(sampled(late)).rejects.toMatchObject({ type: "ArtifactMissing", fields });
});

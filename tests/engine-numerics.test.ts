/** What an update may start from: a checkpoint that this engine's numerics made, or another where that was asked for. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { ArtifactRef } from "../src/core/ports/artifacts.ts";
import type { UpdateRequest } from "../src/core/ports/policy.ts";
import { createEngine } from "../src/engine/runtime/client.ts";
import { openArtifactFolder } from "../src/store/artifacts.ts";
import { storedTiny } from "./support/stored-tiny.ts";
import { plainAdam } from "./support/update-settings.ts";

const home = mkdtempSync(join(tmpdir(), "ratchet-numerics-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const row = { prompt: [1, 2, 3], response: [4, 258], mask: [1, 1], advantages: [1, 1] } as const;

describe("an update of what another thread count made", () => {
  it("is refused, and done where it is accepted; its manifest says with which it was done", async () => {
    const artifacts = await openArtifactFolder(join(home, "artifacts"), async () => {});
    const policy = await storedTiny(artifacts);
    const update = async (threads: number, parent: ArtifactRef, acceptNumerics?: boolean) => {
      const options = { artifacts, threads, lockFile: join(home, "device.lock"), stallMs: 60_000 };
      const engine = createEngine(options);
      const request: UpdateRequest = {
        parent,
        miniBatches: [[row]],
        loss: { kind: "sft" },
        optimizer: plainAdam(1e-3),
        packTokens: 64,
        carryOptimizer: true,
        acceptNumerics,
      };
      const done = engine.update(request, () => {}, new AbortController().signal);
      return done.then(({ checkpoint }) => checkpoint).finally(() => engine.close());
    };
    const parent = await update(1, policy);
    await expect(update(2, parent)).rejects.toMatchObject({
      type: "NumericsMismatch",
      fields: { field: "threads", recorded: 1, present: 2 },
    });
    const manifest = join(await artifacts.pathOf(await update(2, parent, true)), "manifest.json");
    expect(JSON.parse(readFileSync(manifest, "utf8"))).toMatchObject({
      parent: parent.hash,
      numerics: { threads: 2 },
    });
  });
});

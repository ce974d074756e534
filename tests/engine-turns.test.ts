/**
 * A shard turn by turn, as `rollOut` asks for it: however often its engine dies, and whatever is cached, the same samples,
 * log-probabilities and weights.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ArtifactRef, ArtifactStore } from "../src/core/ports/artifacts.ts";
import type { OnProgress, SampledResponse, TrainingRow, UpdateResult } from "../src/core/ports/policy.ts";
import { createEngine, type Engine } from "../src/engine/runtime/client.ts";
import { openArtifactFolder } from "../src/store/artifacts.ts";
import { storedTiny } from "./support/stored-tiny.ts";
import { lossWithKl, plainAdam } from "./support/update-settings.ts";

const home = mkdtempSync(join(tmpdir(), "ratchet-turns-"));
const never = new AbortController().signal;
const ignore: OnProgress = () => {};
let artifacts: ArtifactStore;
let policy: ArtifactRef;

interface Outcome {
  /** By turn, trajectory and sample. */
  readonly said: readonly SampledResponse[][][];
  readonly updated: Pick<UpdateResult, "weightsSha256" | "optimizerSha256" | "metrics">;
}
let undisturbed: Outcome;

beforeAll(async () => {
  artifacts = await openArtifactFolder(join(home, "artifacts"), async () => {});
  policy = await storedTiny(artifacts);
  undisturbed = await withEngine({}, (engine) => play(() => engine));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const start = (options: { readonly prefixCacheBytes?: number } = {}) =>
  createEngine({ artifacts, threads: 1, lockFile: join(home, "device.lock"), stallMs: 60_000, ...options });

async function withEngine<T>(options: { prefixCacheBytes?: number }, work: (engine: Engine) => Promise<T>) {
  const engine = start(options);
  return work(engine).finally(() => engine.close());
}

const turns = 3;
const samples = 3;
/** Two trajectories with a block and a half of tokens in common, and one of its own. */
const prompts = [100, 97, 70].map((length, t) =>
  Array.from({ length }, (_, i) => ((t === 2 ? 11 : 37) * i) % 256),
);
/** What tools would answer; no text, as tokens are all that the engine sees. */
const answer = (turn: number, trajectory: number) => [10 + turn, 20 + trajectory, 30, 31, 32];

/** Three turns of all trajectories, each asked of the engine that `engineOf` gives for it, and the update by the last. */
async function play(engineOf: (turn: number) => Engine, seed = 0): Promise<Outcome> {
  const seen = prompts.map((prompt) => [...prompt]);
  const said: SampledResponse[][][] = [];
  const rows: TrainingRow[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const requests = seen.map((tokens, t) => ({
      prompt: [...tokens],
      seeds: Array.from({ length: samples }, (_, s) => seed + 100 * turn + 10 * t + s),
    }));
    const options = { temperature: 1, topP: 1, maxNewTokens: 30 };
    const responses = await engineOf(turn).sample(policy, requests, options, ignore, never);
    said.push(responses);
    for (const [t, { prompt }] of requests.entries())
      for (const [s, { tokens, logprobs }] of responses[t]!.entries())
        rows.push({
          prompt,
          response: tokens,
          mask: tokens.map(() => 1),
          advantages: tokens.map(() => s - 1),
          logprobs,
        });
    for (const [t, tokens] of seen.entries()) tokens.push(...responses[t]![0]!.tokens, ...answer(turn, t));
  }
  const request = {
    parent: policy,
    reference: policy,
    miniBatches: [rows],
    loss: lossWithKl,
    optimizer: plainAdam(1e-3),
    packTokens: 1024,
    carryOptimizer: true,
  };
  const { weightsSha256, optimizerSha256, metrics } = await engineOf(turns).update(request, ignore, never);
  return { said, updated: { weightsSha256, optimizerSha256, metrics } };
}

/** Kills the process in the middle of each piece of work, once, and asks its successor for the whole of it again. */
function killedOnce(engine: Engine, pids: number[]): Engine {
  const killing = (): OnProgress => {
    let steps = 0;
    return ({ unit }) => {
      if ((unit !== "tokens" && unit !== "engine run") || ++steps !== 5) return;
      pids.push(engine.pid()!);
      process.kill(engine.pid()!, "SIGKILL");
    };
  };
  const dies = { type: "EngineFailure", retryable: true };
  return {
    ...engine,
    sample: async (ref, requests, options) => {
      await expect(engine.sample(ref, requests, options, killing(), never)).rejects.toMatchObject(dies);
      return engine.sample(ref, requests, options, ignore, never);
    },
    update: async (request) => {
      await expect(engine.update(request, killing(), never)).rejects.toMatchObject(dies);
      return engine.update(request, ignore, never);
    },
  };
}

describe("a shard's turns and the update of what was said", () => {
  it("are the same after the engine was killed in the middle of every turn and of the update", async () => {
    const pids: number[] = [];
    const disturbed = await withEngine({}, (engine) => play(() => killedOnce(engine, pids)));
    expect(new Set(pids).size).toBe(turns + 1);
    expect(disturbed).toEqual(undisturbed);
  });

  it("are the same where every turn has a process of its own, which finds nothing cached", async () => {
    const engines = new Map<number, Engine>();
    const engineOf = (turn: number) => {
      const engine = engines.get(turn) ?? start();
      engines.set(turn, engine);
      return engine;
    };
    const played = play((turn) => {
      // It holds the device; the next one waits until it is gone.
      void engines.get(turn - 1)?.close();
      return engineOf(turn);
    });
    const cold = await played.finally(() =>
      Promise.all([...engines.values()].map((engine) => engine.close())),
    );
    expect(engines.size).toBe(turns + 1);
    expect(cold).toEqual(undisturbed);
  });

  it("are the same where no key or value of a prompt is kept, and where one block's are", async () => {
    // Tiny has 2 layers of 2 heads for keys and values, of 16 numbers: see tiny.ts.
    for (const prefixCacheBytes of [0, 64 * 2 * 2 * 2 * 16 * 4])
      expect(await withEngine({ prefixCacheBytes }, (engine) => play(() => engine))).toEqual(undisturbed);
  });

  it("are the same done twice by one process, and others under other seeds", async () => {
    await withEngine({}, async (engine) => {
      expect(await play(() => engine)).toEqual(undisturbed);
      const other = await play(() => engine, 7);
      expect(other.said).not.toEqual(undisturbed.said);
      expect(other.updated.weightsSha256).not.toBe(undisturbed.updated.weightsSha256);
    });
  });
});

/**
 * An engine that trains a policy, samples what came out and goes on from there, with prompts of ever other lengths: what a
 * long run does to its memory, in one process.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TrainingRow } from "../../src/core/ports/policy.ts";
import { type Random, seededRandom } from "../../src/core/random.ts";
import { readPolicyConfig } from "../../src/engine/formats/checkpoint.ts";
import type { PolicyLocation, UpdateOutcome } from "../../src/engine/runtime/messages.ts";
import { type EngineWork, perform } from "../../src/engine/runtime/work.ts";
import { lossWithKl, plainAdam } from "./update-settings.ts";

export interface TrainingShape {
  /** Optimizer steps of one update. */
  readonly steps: number;
  /** Rows of a step, and most tokens of their prompt and of each response. */
  readonly rows: number;
  readonly promptTokens: number;
  readonly responseTokens: number;
}

/**
 * Gives a function that does one update, then samples the policy that it made: one swap of the policy. `root` is a folder
 * for checkpoints: the newest two lie there.
 */
export async function endlessTraining(
  engine: EngineWork,
  base: PolicyLocation,
  root: string,
  shape: TrainingShape,
): Promise<() => Promise<void>> {
  const { vocabularySize } = await readPolicyConfig(base.folder);
  const random = seededRandom(1);
  let parent = base;
  let updates = 0;
  const tokens = (most: number) => someTokens(random, most, vocabularySize);
  return async () => {
    const stagingFolder = mkdtempSync(join(root, "checkpoint-"));
    const { weightsSha256, optimizerSha256 } = (await perform(
      engine,
      {
        kind: "update",
        parent,
        reference: base,
        settings: {
          miniBatches: Array.from({ length: shape.steps }, () => miniBatch(tokens, shape)),
          loss: lossWithKl,
          optimizer: plainAdam(1e-6),
          packTokens: 1024,
        },
        carryOptimizer: updates > 0,
        lora: undefined,
        stagingFolder,
      },
      () => {},
    )) as UpdateOutcome;
    if (parent !== base) rmSync(parent.folder, { recursive: true });
    parent = { hash: weightsSha256, folder: stagingFolder, weightsSha256, optimizerSha256 };
    updates++;
    const requests = [1, 2].map((seed) => ({ prompt: tokens(shape.promptTokens), seeds: [seed, seed + 9] }));
    const options = { temperature: 1, topP: 1, maxNewTokens: shape.responseTokens };
    await perform(engine, { kind: "sample", policy: parent, requests, options }, () => {});
  };
}

/** At least half of the most, so that the work differs in shape and little in size. */
function someTokens(random: Random, most: number, vocabularySize: number): number[] {
  const length = Math.ceil(most / 2) + random.integer(Math.floor(most / 2) + 1);
  return Array.from({ length }, () => random.integer(vocabularySize));
}

function miniBatch(tokens: (most: number) => number[], shape: TrainingShape): TrainingRow[] {
  const prompt = tokens(shape.promptTokens);
  return Array.from({ length: shape.rows }, (_, i) => {
    const response = tokens(shape.responseTokens);
    return {
      prompt,
      response,
      mask: response.map(() => 1 as const),
      advantages: response.map(() => (i % 2 === 0 ? 1 : -1)),
      logprobs: response.map(() => -3),
    };
  });
}

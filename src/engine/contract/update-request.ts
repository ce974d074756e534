/**
 * The contract's request and how the embedded trainer answers it: a Hugging Face folder and `metrics.json` in `output`.
 * Another trainer that reads the same request must end with the same weights within the conformance suite's tolerance.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { adaptableProjections, mostRank, temperatures, type UpdateMetrics } from "../../core/ports/policy.ts";
import type { UpdateOutcome } from "../runtime/messages.ts";
import { createEngineWork, perform } from "../runtime/work.ts";
import { rowsOf } from "./batch.ts";
import { readBatchFile } from "./batch-file.ts";

const contract = "ratchet.update.v1";
const positive = z.number().positive();
const steps = z.number().int().min(0);

/** Paths are absolute, or relative to where the trainer is started. */
export const updateRequestSchema = z.strictObject({
  contract: z.literal(contract),
  /** Hugging Face folder to start from; with `optimizer.safetensors` where `carryOptimizer` is to find something. */
  parent: z.string().min(1),
  /** Hugging Face folder of the KL term's policy; null where there is none. */
  reference: z.string().min(1).nullable(),
  batch: z.string().min(1),
  /** Created by the trainer. */
  output: z.string().min(1),
  loss: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("sft") }),
    z.strictObject({
      kind: z.literal("policy-gradient"),
      clipLow: positive,
      clipHigh: positive,
      clipDual: z.number().gt(1),
      klCoefficient: z.number().min(0),
      /** Below 0 it lowers the entropy. */
      entropyCoefficient: z.number().min(-1).max(1),
      /** Logits are divided by it, the reference's too; 1 where absent. */
      temperature: z.number().min(temperatures.least).max(temperatures.most).exactOptional(),
    }),
  ]),
  optimizer: z.strictObject({
    learningRate: z.number().min(0),
    weightDecay: z.number().min(0),
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    epsilon: positive,
    maxGradientNorm: z.number().min(0),
    schedule: z
      .discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("constant"), warmupSteps: steps }),
        z
          .strictObject({
            kind: z.enum(["linear", "cosine"]),
            warmupSteps: steps,
            totalSteps: steps,
            minLearningRate: z.number().min(0),
          })
          .refine(({ warmupSteps, totalSteps }) => warmupSteps < totalSteps, {
            message: "must be less than totalSteps, or the rate never falls",
            path: ["warmupSteps"],
          }),
      ])
      .optional(),
  }),
  /** Trains an adapter and leaves the weights as they are; `base` is where the parent holds an adapter already. */
  lora: z
    .strictObject({
      rank: z.number().int().positive().max(mostRank),
      alpha: positive,
      targetModules: z.array(z.enum(adaptableProjections)).min(1),
      seed: z.number().int().min(0),
    })
    .optional(),
  /** Hugging Face folder of the weights that the parent's adapter adds to; absent where the parent holds weights. */
  base: z.string().min(1).optional(),
  /** False starts AdamW's moments and step count from zero. */
  carryOptimizer: z.boolean(),
  /** A hint of how many unique tokens to compute together; the result does not depend on it beyond rounding. */
  packTokens: z.number().int().positive(),
});
export type ContractRequest = z.infer<typeof updateRequestSchema>;

/** Throws InvalidInput or ModelUnreadable before any work. */
export async function answerRequest(request: ContractRequest, threads: number): Promise<UpdateMetrics> {
  const miniBatches = rowsOf(await readBatchFile(request.batch));
  await mkdir(request.output, { recursive: true });
  const engine = createEngineWork(threads, "cpu");
  const at = (folder: string) => ({ hash: folder, folder });
  const { metrics } = (await perform(
    engine,
    {
      kind: "update",
      parent: { ...at(request.parent), base: request.base === undefined ? undefined : at(request.base) },
      reference: request.reference === null ? undefined : at(request.reference),
      settings: {
        miniBatches,
        loss: request.loss,
        optimizer: request.optimizer,
        packTokens: request.packTokens,
      },
      carryOptimizer: request.carryOptimizer,
      lora: request.lora,
      stagingFolder: request.output,
    },
    () => {},
  )) as UpdateOutcome;
  await engine.runtime.release();
  await writeFile(join(request.output, "metrics.json"), `${JSON.stringify({ contract, metrics })}\n`);
  return metrics;
}

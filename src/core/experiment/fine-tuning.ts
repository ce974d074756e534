/** Which weights a training changes, and how its learning rate moves. */
import { z } from "zod";
import { adaptableProjections, mostRank } from "../ports/policy.ts";

export const loraSchema = z
  .strictObject({
    rank: z.number().int().min(1).max(mostRank).default(8).describe("Rows of A and columns of B"),
    alpha: z.number().gt(0).max(4096).default(16).describe("The product B A is multiplied by alpha / rank"),
    targetModules: z
      .array(z.enum(adaptableProjections))
      .min(1)
      .refine((named) => new Set(named).size === named.length, { message: "must name no matrix twice" })
      .default([...adaptableProjections])
      .describe("Matrices of each layer that get an adapter, each named once"),
  })
  .describe(
    "Trains low-rank adapters (LoRA) and leaves the weights as they are (see lora); absent, all weights are trained",
  );

const warmupSteps = z
  .number()
  .int()
  .min(0)
  .max(1_000_000)
  .default(0)
  .describe("Optimizer steps in which the rate rises from 0 to learningRate");

export const decaySchema = z
  .strictObject({
    kind: z
      .enum(["linear", "cosine"])
      .describe("The rate falls to minLearningRate, in a line or in half a cosine"),
    warmupSteps,
    totalSteps: z
      .number()
      .int()
      .min(1)
      .max(10_000_000)
      .describe(
        "Optimizer step at which it gets there, after warmupSteps, counted from the stage's start over all its updates",
      ),
    minLearningRate: z.number().min(0).max(1).default(0).describe("The rate from totalSteps on"),
  })
  .refine(({ warmupSteps, totalSteps }) => warmupSteps < totalSteps, {
    message: "must be less than totalSteps, or the rate never falls",
    path: ["warmupSteps"],
  });

export const scheduleSchema = z
  .discriminatedUnion("kind", [z.strictObject({ kind: z.literal("constant"), warmupSteps }), decaySchema])
  .describe(
    "How the learning rate changes from one optimizer step to the next (see schedule), which carryOptimizer: false forgets; absent, it does not",
  );

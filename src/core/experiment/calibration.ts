/** What a person writes to learn how hard environments are for a policy: the input of `calibrateEnvironments`. */
import { z } from "zod";
import { bands } from "../evaluation/calibration.ts";
import { evaluateInputSchema, evaluationSchema } from "./input.ts";
import { samplingSchema } from "./sampling.ts";

export const calibrationSchema = z.strictObject({
  samples: z.number().int().min(1).max(256).default(8).describe("Trajectories in each environment"),
  blindSamples: z
    .number()
    .int()
    .min(0)
    .max(256)
    .default(4)
    .describe("Answers to each question without being shown a tool; 0 leaves that out"),
  sampling: samplingSchema
    .default({ temperature: 1, topP: 1, maxResponseTokens: 64 })
    .describe("Greedy samples would all be the same"),
  ...evaluationSchema.pick({ maxTurns: true, shardSize: true, shardsInFlight: true }).shape,
  difficulty: z
    .array(z.enum(bands))
    .min(1)
    .default([...bands])
    .describe(
      "Environments of these bands make the set RUN/STAGE. By the share of samples that pass: never 0, hard up to 1/4, medium below 3/4, easy below 1, always 1",
    ),
  mostAnsweredBlind: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe(
      "Environments whose answer is stated without tools more often than this are left out of that set",
    ),
});

export const calibrateInputSchema = evaluateInputSchema.omit({ evaluation: true, stage: true }).extend({
  stage: evaluateInputSchema.shape.stage
    .unwrap()
    .default("calibrate")
    .describe("Names the work in seeds, lineage and lists"),
  calibration: calibrationSchema.describe("How they are judged (see calibration)"),
});

export type CalibrateInput = z.infer<typeof calibrateInputSchema>;
export type CalibrationSettings = z.infer<typeof calibrationSchema>;

/** What an input says of tripwires: limits that an update must keep to be committed, and what happens where it does not. */
import { z } from "zod";
import { bounded } from "./bounded.ts";

const recoveries = ["park", "skipIteration", "lowerLearningRate"] as const;

export const tripwiresSchema = z.strictObject({
  maxKl: bounded("tripwires.maxKl")
    .default(1)
    .describe(
      "Most mean KL to the reference, nats per token, measured where klCoefficient is over 0; 10 is off, for no token counts more",
    ),
  minEntropy: bounded("tripwires.minEntropy")
    .optional()
    .describe("Least mean entropy, nats per token; off by default"),
  maxEntropy: bounded("tripwires.maxEntropy")
    .optional()
    .describe("Most mean entropy, nats per token; off by default"),
  maxGradientSpike: bounded("tripwires.maxGradientSpike")
    .default(100)
    .describe("Most times that a gradient norm may be the mean of the `window` updates before"),
  minRewardShare: bounded("tripwires.minRewardShare")
    .optional()
    .describe(
      "Least share that a mean reward may be of the mean over the `window` updates before, where that is positive; off by default",
    ),
  window: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe(
      "Most updates that a spike or a collapse is compared with; fewer than three, or than this, are compared with nothing",
    ),
  recovery: z
    .enum(recoveries)
    .default("park")
    .describe(
      "What a tripped iteration leads to: the run waits for a person; goes on from the last good checkpoint with the next iteration; or repeats from there with a lower learning rate",
    ),
  learningRateFactor: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe("What `lowerLearningRate` multiplies the learning rate with, each time"),
  maxRecoveries: z
    .number()
    .int()
    .min(0)
    .max(100)
    .default(3)
    .describe("Recoveries of one training before the run parks all the same"),
});

/** Supervised training has neither a reference nor a reward. */
export const supervisedTripwiresSchema = tripwiresSchema.omit({ maxKl: true, minRewardShare: true });

type OfReinforcement = z.infer<typeof tripwiresSchema>;
type ReinforcementOnly = "maxKl" | "minRewardShare";
export type Tripwires = Omit<OfReinforcement, ReinforcementOnly> &
  Partial<Pick<OfReinforcement, ReinforcementOnly>>;

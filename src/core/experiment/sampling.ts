/** How a policy's responses are drawn, as a person writes it. */
import { z } from "zod";
import { temperatures } from "../ports/policy.ts";

export const samplingSchema = z.strictObject({
  temperature: z
    .number()
    .min(0)
    .max(temperatures.most)
    .refine((temperature) => temperature === 0 || temperature >= temperatures.least, {
      message: `must be 0, which is greedy, or at least ${temperatures.least}`,
    })
    .default(1)
    .describe(`0 is greedy, all else at least ${temperatures.least}`),
  topP: z.number().gt(0).max(1).default(1).describe("1 is off"),
  topK: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe("Only the k likeliest tokens can be drawn, before topP; off by default"),
  stop: z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(16)
    .optional()
    .describe(
      "A turn ends with the token that completes one of these strings, of 1 to 256 characters, which it keeps; none by default",
    ),
  maxResponseTokens: z
    .number()
    .int()
    .min(1)
    .max(8192)
    .default(64)
    .describe("Most tokens the policy may say in one turn"),
});

/** Of responses that are compared within their group, and trained on at the temperature that they were drawn at. */
export const groupSamplingSchema = samplingSchema.refine(({ temperature }) => temperature > 0, {
  message: `draws the same response for all samples of a group, which leaves nothing to compare; give at least ${temperatures.least}, 1 by default`,
  path: ["temperature"],
});

export type SamplingSettings = z.infer<typeof samplingSchema>;

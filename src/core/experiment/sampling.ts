/** How a policy's responses are drawn, as a person writes it. */
import { z } from "zod";

/** Of those that are not greedy: at less nothing but the likeliest is drawn, which 0 says. */
const leastTemperature = 1e-6;

export const samplingSchema = z.strictObject({
  temperature: z
    .number()
    .min(0)
    .max(5)
    .refine((temperature) => temperature === 0 || temperature >= leastTemperature, {
      message: `must be 0, which is greedy, or at least ${leastTemperature}`,
    })
    .default(1)
    .describe(`0 is greedy, all else at least ${leastTemperature}`),
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

export type SamplingSettings = z.infer<typeof samplingSchema>;

/** What a build of environments is asked for, and how a set that is there already is named. */
import { z } from "zod";
import { storedNamePattern } from "../environment/build-name.ts";
import { profiles, splits, toolSchema } from "../environment/environment.ts";
import { heldOutParts } from "../environment/split.ts";

const count = (max: number) => z.number().int().min(1).max(max);

const perType = z.number().int().min(0).max(20_000).default(0);

const storedSet = z
  .string()
  .regex(storedNamePattern, "must be a content hash, or the name of a build: RUN or RUN/STAGE");

export const buildSchema = z.strictObject({
  author: z
    .literal("knowledge")
    .default("knowledge")
    .describe("Who writes the environments; `knowledge` works offline from real open data"),
  split: z.enum(splits).describe("Entities, wordings and tool names of one split appear in no other"),
  profile: z
    .enum(profiles)
    .default("compact")
    .describe("compact: at most 500 tokens of prompt; ftrl: FTRL's shape, 7-11 tools of about 7 parameters"),
  runtime: z
    .enum(toolSchema.shape.runtime.options)
    .optional()
    .describe(
      "Language of the tools' code, JavaScript by default; questions, documents, data and answers are the same in both",
    ),
  scenarios: z
    .strictObject({
      single_hop: perType.describe("One fact"),
      parallel_single_hop: perType.describe("Several facts side by side"),
      multi_hop: perType.describe("A chain of facts, each found by the one before"),
      parallel_multi_hop: perType.describe("Several chains side by side"),
    })
    .refine(
      (s) => s.single_hop + s.parallel_single_hop + s.multi_hop + s.parallel_multi_hop > 0,
      "an empty environment set trains and measures nothing; ask for at least 1 environment",
    )
    .describe("How many environments of each scenario type the set must hold (see scenarios)"),
  maxTools: count(16)
    .optional()
    .describe("Most tools shown to the policy, distractors included; the profile's own limit by default"),
  contamination: z
    .array(storedSet)
    .min(1)
    .max(16)
    .optional()
    .describe(
      "Stored sets whose questions must not recur, such as an imported benchmark (NAME/import), each by content hash, RUN or RUN/STAGE",
    ),
  maxSubQuestions: count(11)
    .optional()
    .describe(
      "Most sub-questions of an environment; the profile's own limit (compact 5, ftrl 11) by default",
    ),
  domains: z
    .array(z.string().min(1))
    .min(1)
    .max(32)
    .optional()
    .describe("Domains that questions and distractors come from, see docs/environments.md; all by default"),
  heldOut: z
    .array(z.enum(heldOutParts))
    .optional()
    .describe(
      'What the splits keep apart beside entities, which they always do: ["wording", "tool-name"] by default. Sets that are compared want one list',
    ),
  complexity: z
    .strictObject({
      integration: z.literal([0, 1]).describe("1: look-ups of one subject become one tool"),
      generalization: z.number().int().min(0).max(10).describe("Fields each look-up is widened by"),
      parameters: z.number().int().min(0).max(12).describe("Optional parameters added to each tool"),
      parameterTypes: z.literal([0, 1, 2]).describe("1: arrays and objects; 2: also for keys and selectors"),
      distractors: z.number().int().min(0).max(15).describe("Distractors added, within maxTools"),
    })
    .partial()
    .optional()
    .describe(
      "Levels of the complexity operations (see complexity); those left out are drawn by the profile",
    ),
});

export const environmentsSchema = z
  .union([storedSet, buildSchema])
  .describe(
    "A stored set by content hash or by the name of its build (RUN or RUN/STAGE), or what to build (see environments)",
  );

export type BuildSpecification = z.infer<typeof buildSchema>;

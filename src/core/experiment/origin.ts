/** Where a training begins that does not begin at its policy: after an iteration that a training made before. */
import { z } from "zod";
import { identifierPattern, identifierRule } from "./identifier.ts";

const named = z.string().regex(identifierPattern, identifierRule);

const place = {
  run: named.describe("The run that made the iteration"),
  stage: named.describe("Its train stage; give this training the same stage, for it names the draws"),
  branch: z.number().int().min(0).default(0).describe("The branch of that stage's lineage"),
  iteration: z
    .number()
    .int()
    .min(1)
    .describe("The last iteration that is kept; training goes on with the next"),
};

export const originSchema = z
  .strictObject({
    ...place,
    parent: z
      .strictObject(place)
      .optional()
      .describe(
        "Of a run that goes on after an iteration of its own: where it was forked before (the same four fields), for status, report and lineage",
      ),
  })
  .describe(
    "Goes on after an iteration of another training, weights and optimizer state; `policy` stays the reference of the KL term. Written by `ratchet fork` and `ratchet resume --from-iteration`",
  );

export type Origin = z.infer<typeof originSchema>;

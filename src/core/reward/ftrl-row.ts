/**
 * A row of FTRL's data (bytedance/FTRL, train.jsonl and test.jsonl; nested values are JSON strings) with a model's
 * response to it: what its reward functions are given.
 */
import { z } from "zod";

/** A JSON string that holds a value of this shape. */
export const nested = <T extends z.ZodType>(shape: T) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        const value: unknown = JSON.parse(text);
        // A record's schema would drop it without a word.
        if (typeof value !== "object" || value === null || !Object.hasOwn(value, "__proto__")) return value;
        context.addIssue({ code: "custom", message: "has a member '__proto__'; give the tool another name" });
        return z.NEVER;
      } catch {
        context.addIssue({ code: "custom", message: "is no JSON text; nested values are JSON strings" });
        return z.NEVER;
      }
    })
    .pipe(shape);

/** Fields that no reward reads (`messages`, `tools`, `data_source`, `split`) are not looked at. */
export const ftrlRowSchema = z.object({
  /** Tool name -> Python source of a function of that name. */
  codes: nested(z.record(z.string(), z.string())),
  /** Tool name -> the sub-answers it still owes. */
  unsolved_set: nested(z.record(z.string(), z.array(z.string()))),
  /** Share of sub-answers solved before this response, 0 to 1. */
  solve_rate: z.number(),
  answer: z.string().nullish(),
  response: z.string(),
});
export type FtrlRow = z.infer<typeof ftrlRowSchema>;

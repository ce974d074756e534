/**
 * The steps that cut a text before BPE merges it, in words with which @huggingface/tokenizers cuts as Hugging Face's own
 * library does. By itself it has other digits (² and ٣ are none) and white space (U+FEFF is, U+0085 is not), and takes no
 * notice of how a step is to keep what it finds. Steps that cannot be said so are refused.
 */
import { z } from "zod";
import { gpt2Pattern, isolate } from "./byte-level.ts";

const step = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("Sequence"), pretokenizers: z.array(z.unknown()) }),
  z.looseObject({
    type: z.literal("ByteLevel"),
    add_prefix_space: z.boolean().default(false),
    use_regex: z.boolean().default(true),
  }),
  z.looseObject({ type: z.literal("Digits"), individual_digits: z.boolean().default(false) }),
  z.looseObject({
    type: z.literal("Punctuation"),
    behavior: z.enum(["Isolated", "Contiguous"]).default("Isolated"),
  }),
  z
    .looseObject({
      type: z.literal("Split"),
      pattern: z.union([z.strictObject({ Regex: z.string() }), z.strictObject({ String: z.string() })]),
      behavior: z.enum(["Isolated", "Removed"]),
      invert: z.boolean().default(false),
    })
    .refine(({ behavior, invert }) => invert === (behavior === "Removed"), {
      message: "keeps something else than every piece, or every match",
      path: ["behavior"],
    }),
]);

/** As `tokenizers` counts it: ASCII's and Unicode's. */
const punctuation = "[\\p{P}!-/:-@\\[-`{-~]";
/** No published tokenizer has sequences in a sequence; a hostile one may not exhaust the stack. */
const mostNesting = 8;

/** In order and without sequences; `refuse` makes the error for a step that is not known. */
export function exactSteps(json: unknown, refuse: (problem: string) => Error, nesting = 0): object[] {
  if (nesting > mostNesting) throw refuse(`has sequences in sequences, more than ${mostNesting} deep`);
  const parsed = step.safeParse(json);
  if (!parsed.success) throw refuse(problemOf(json, parsed.error));
  const known = parsed.data;
  switch (known.type) {
    case "Sequence":
      return known.pretokenizers.flatMap((each) => exactSteps(each, refuse, nesting + 1));
    case "ByteLevel":
      return [
        ...(known.add_prefix_space ? [spaceBefore] : []),
        ...(known.use_regex ? [isolate(gpt2Pattern)] : []),
        bytesOnly,
      ];
    case "Digits":
      return [isolate(known.individual_digits ? "\\p{N}" : "\\p{N}+")];
    case "Punctuation":
      return [isolate(known.behavior === "Isolated" ? punctuation : `${punctuation}+`)];
    case "Split":
      return [known];
  }
}

function problemOf(json: unknown, { issues: [issue] }: z.ZodError): string {
  const { type } = z.object({ type: z.string() }).catch({ type: "" }).parse(json);
  const field = issue?.path.join(".");
  return field === "" || field === "type"
    ? `has a step '${type}', known are ByteLevel, Digits, Punctuation, Split and sequences of them`
    : `has a '${type}' step whose '${field}' asks for what is not computed here: ${issue?.message}`;
}

/** A space before a text that begins with none. */
const spaceBefore = { type: "Replace", pattern: { Regex: "\\A([^ ])" }, content: " $1" };
const bytesOnly = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };

export const hasByteLevel = (steps: readonly object[]): boolean => steps.includes(bytesOnly);

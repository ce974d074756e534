/**
 * A tokenizer.json that this engine can trust: byte-level BPE, which needs no state between pieces of a text, steps that
 * give Hugging Face's own ids, and no token whose id the model has no row for.
 */
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { unreadable } from "../formats/unreadable.ts";
import { exactSteps, hasByteLevel } from "./pre-tokenizer.ts";

const addedToken = z.looseObject({
  id: z.int().min(0),
  content: z.string().min(1),
  special: z.boolean(),
  /** White space on that side becomes part of the token. */
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  single_word: z.literal(false).default(false),
});
const composition = z.looseObject({ type: z.enum(["NFC", "NFD", "NFKC", "NFKD"]) });
const tokenizerFile = z.looseObject({
  added_tokens: z.array(addedToken).default([]),
  normalizer: z
    .union(
      [
        z.null(),
        composition,
        z.looseObject({ type: z.literal("Sequence"), normalizers: z.array(composition) }),
      ],
      { error: "it may compose characters (NFC, NFD, NFKC, NFKD) and do no more" },
    )
    .optional(),
  model: z.looseObject({
    type: z.literal("BPE").optional(),
    vocab: z.record(z.string(), z.int().min(0)),
    merges: z.array(z.unknown()),
    ignore_merges: z.boolean().nullish(),
    dropout: z.literal(0).nullish(),
    continuing_subword_prefix: z.literal("").nullish(),
    end_of_word_suffix: z.literal("").nullish(),
  }),
  pre_tokenizer: z.looseObject({ type: z.string() }),
  /** Another would leave the bytes' printable characters in what a policy said. */
  decoder: z.looseObject({ type: z.literal("ByteLevel") }),
});
export type TokenizerJson = z.infer<typeof tokenizerFile>;

/** Throws ModelUnreadable naming the file and what is wrong with it. */
export function parseTokenizer(file: string, json: unknown, vocabularySize: number): TokenizerJson {
  const result = tokenizerFile.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw unreadable(file, `'${issue?.path.join(".")}': ${issue?.message}; only byte-level BPE is known`);
  }
  const steps = stepsOf(file, result.data);
  if (!hasByteLevel(steps))
    throw unreadable(file, "its pre_tokenizer has no 'ByteLevel' step; only byte-level BPE is known");
  const { added_tokens: added, model } = result.data;
  requireMerges(file, model);
  const ids = [...Object.entries(model.vocab), ...added.map(({ content, id }) => [content, id] as const)];
  for (const [token, id] of ids)
    if (id >= vocabularySize)
      throw unreadable(file, `token '${token}' has id ${id}, config.json's vocab_size is ${vocabularySize}`);
  return result.data;
}

/** As Hugging Face's library does: with one merge less, texts would have other ids without a word. */
function requireMerges(file: string, { vocab, merges }: TokenizerJson["model"]): void {
  for (const [place, merge] of merges.entries()) {
    const pair: unknown = typeof merge === "string" ? merge.split(" ") : merge;
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((part) => typeof part === "string"))
      throw unreadable(file, `merge ${place} is ${JSON.stringify(merge)}, not a pair of tokens`);
    const missing = [...(pair as string[]), pair.join("")].find((token) => !Object.hasOwn(vocab, token));
    if (missing !== undefined)
      throw unreadable(
        file,
        `merge ${place} is ${JSON.stringify(merge)}, and its vocabulary has no token ${JSON.stringify(missing)}`,
      );
  }
}

const stepsOf = (file: string, { pre_tokenizer }: TokenizerJson) =>
  exactSteps(pre_tokenizer, (problem) => unreadable(file, `its pre_tokenizer ${problem}`));

/** Throws ModelUnreadable where the library cannot make or run a tokenizer of it. */
export function createTokenizer(file: string, json: TokenizerJson, config: object): Tokenizer {
  const pre_tokenizer = { type: "Sequence", pretokenizers: stepsOf(file, json) };
  try {
    const tokenizer = new Tokenizer({ ...json, pre_tokenizer }, config);
    tokenizer.encode("A probe, 1 of 1.\n", { add_special_tokens: false });
    return tokenizer;
  } catch (cause) {
    throw unreadable(file, `no tokenizer can be made of it: ${(cause as Error).message}`, {}, cause);
  }
}

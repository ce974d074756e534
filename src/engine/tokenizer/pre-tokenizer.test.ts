/** Steps before merging against Hugging Face's tokenizers (tests/goldens/steps.py), and those that are refused. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { byteCharacter, byteLevelTokenizer } from "./byte-level.ts";
import { createTokenizer, parseTokenizer } from "./tokenizer-file.ts";

const { texts, cases } = JSON.parse(readFileSync("tests/goldens/fixtures/steps.json", "utf8")) as {
  readonly texts: readonly string[];
  readonly cases: Readonly<Record<string, { readonly pre_tokenizer: object; readonly words: string[][] }>>;
};
const tokenizer = (over: object) => ({
  ...byteLevelTokenizer({
    vocabulary: Array.from({ length: 256 }, (_, byte) => byteCharacter(byte)),
    merges: [],
    added: [],
    words: [],
  }),
  ...over,
});
const parse = (over: object) => parseTokenizer("t.json", tokenizer(over), 256);

describe("a pre-tokenizer", () => {
  it.each(Object.entries(cases))("cuts as Hugging Face's does: %s", (_, { pre_tokenizer, words }) => {
    const made = createTokenizer("t.json", parse({ pre_tokenizer }), {});
    expect(texts.map((text) => made.pre_tokenizer!(text))).toEqual(words);
  });

  it("that does otherwise than is computed here is refused by its step", () => {
    const byteLevel = { type: "ByteLevel", add_prefix_space: false };
    const refused = (...steps: object[]) =>
      expect(() => parse({ pre_tokenizer: { type: "Sequence", pretokenizers: steps } }));
    const split = { type: "Split", pattern: { Regex: " " }, invert: false };
    refused({ type: "Metaspace" }, byteLevel).toThrow(
      "t.json: its pre_tokenizer has a step 'Metaspace', known are ByteLevel, Digits, Punctuation, Split and sequences of them",
    );
    refused({ ...split, behavior: "MergedWithNext" }, byteLevel).toThrow(
      "has a 'Split' step whose 'behavior' asks for what is not computed here",
    );
    refused({ ...split, behavior: "Removed" }, byteLevel).toThrow(
      "not computed here: keeps something else than",
    );
    refused({ ...split, behavior: "Isolated", invert: true }, byteLevel).toThrow(
      "not computed here: keeps something else than",
    );
    refused({ type: "Punctuation", behavior: "Removed" }, byteLevel).toThrow(
      "has a 'Punctuation' step whose 'behavior'",
    );
    refused({ ...split, behavior: "Isolated" }).toThrow("its pre_tokenizer has no 'ByteLevel' step");
    let deep: object = byteLevel;
    for (let i = 0; i < 100_000; i++) deep = { type: "Sequence", pretokenizers: [deep] };
    refused(deep).toThrow("has sequences in sequences, more than 8 deep");
  });
});

describe("a tokenizer.json", () => {
  it("is refused where it does to a text what would give other ids than Hugging Face's", () => {
    const model = (over: object) => ({ model: { ...(tokenizer({}) as { model: object }).model, ...over } });
    expect(() => parse({ normalizer: { type: "Lowercase" } })).toThrow(
      "t.json: 'normalizer': it may compose characters (NFC, NFD, NFKC, NFKD) and do no more",
    );
    expect(() => parse(model({ dropout: 0.1 }))).toThrow("'model.dropout'");
    for (const decoder of [null, { type: "Metaspace" }])
      expect(() => parse({ decoder })).toThrow(
        /^cannot read t.json: 'decoder.*; only byte-level BPE is known/,
      );
    expect(() => parse(model({ end_of_word_suffix: "</w>" }))).toThrow("'model.end_of_word_suffix'");
    const token = { id: 3, content: "<s>", special: true, single_word: true };
    expect(() => parse({ added_tokens: [token] })).toThrow("'added_tokens.0.single_word'");
    const empty = { type: "Sequence", normalizers: [] };
    for (const normalizer of [null, { type: "NFC" }, empty])
      expect(parse({ normalizer })).toMatchObject({ normalizer });
  });
});

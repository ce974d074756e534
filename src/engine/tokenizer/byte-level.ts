/**
 * Byte-level BPE as Hugging Face's `tokenizers` spells it: how a byte is written as a printable character, how text is
 * cut before merging, and the tokenizer.json around a vocabulary.
 */

/**
 * GPT-2's character for a byte: printable Latin-1 bytes are themselves, the other 68 follow U+0100 in order.
 * Source: openai/gpt-2 `bytes_to_unicode`.
 */
export function byteCharacter(byte: number): string {
  const printable = (b: number) => (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
  if (printable(byte)) return String.fromCharCode(byte);
  let others = 0;
  for (let b = 0; b < byte; b++) if (!printable(b)) others++;
  return String.fromCharCode(0x100 + others);
}

/** GPT-2's word pattern, as in `tokenizers`' ByteLevel. */
export const gpt2Pattern =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * Every numeric character alone, then GPT-2's words: what SmolLM2 was trained with. Written as two Split steps and not
 * as Digits and ByteLevel's own pattern, because there the libraries differ on what a digit (², ٣) or a space (U+0085,
 * U+FEFF) is.
 */
export const digitsThenWords = [isolate("\\p{N}"), isolate(gpt2Pattern)];

/** Contractions, words with the character before them, runs of `digits`, punctuation, line feeds: Qwen's and Llama 3's. */
export const wordsWithContractions = (digits: string) => [
  isolate(
    `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
  ),
];

/** A step that cuts out every match, and keeps it and what lies between. */
export function isolate(regex: string) {
  return { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false };
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** A control token, which only the template may write; others (tool tags) are text that has its own id. */
  readonly special: boolean;
}

export interface ByteLevelModel {
  readonly vocabulary: readonly string[];
  readonly merges: readonly (readonly [string, string])[];
  readonly added: readonly AddedToken[];
  /** Steps that cut text into words before merging; none for a vocabulary without merges. */
  readonly words: readonly object[];
  /** Characters are composed (Unicode NFC) first; false unless said. */
  readonly nfc?: boolean;
  /** A word that is a token is that token, whatever the merges say; false unless said. */
  readonly ignoreMerges?: boolean;
}

/** A tokenizer.json for both Hugging Face libraries. A token's id is its place in `vocabulary`. */
export function byteLevelTokenizer(options: ByteLevelModel): object {
  const { vocabulary, merges, added, words, nfc = false, ignoreMerges = false } = options;
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added.map(({ id, content, special }) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special,
    })),
    normalizer: nfc ? { type: "NFC" } : null,
    pre_tokenizer: { type: "Sequence", pretokenizers: [...words, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: ignoreMerges,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      merges,
    },
  };
}

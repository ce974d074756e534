/**
 * Keeps text from outside apart from the template's own: a mark, a character that occurs nowhere in the text, is put
 * between its characters, so that no control token can be read there; the encoder drops the mark before it tokenizes.
 * Exact, unlike escaping: the tokenizer sees the very text, in its surroundings.
 */

/** The first character of Unicode's private use area that a value's strings do not contain. */
export function unusedMark(value: unknown): string {
  const text = JSON.stringify(value);
  for (let code = 0xe000; code <= 0xf8ff; code++) {
    const mark = String.fromCharCode(code);
    if (!text.includes(mark)) return mark;
  }
  throw new RangeError("the text uses all 6,400 private use characters");
}

/**
 * A mark before, between and after the characters of each word: no added token that has a visible character of the text can
 * match. White space stays as it is, for templates trim it, ask whether a text is empty, and tokenizers may have tokens of it
 * alone; so that at the text's ends may become part of a token whose visible characters are the template's own.
 */
export function opaque(text: string, mark: string): string {
  return text.replace(/\S+/gu, (word) => mark + [...word].map((character) => character + mark).join(""));
}

/** The text with the named tokens broken up, and others left to be recognized. */
export function withoutTokens(text: string, tokens: readonly string[], mark: string): string {
  return tokens.reduce((guarded, token) => guarded.replaceAll(token, opaque(token, mark)), text);
}

/** A JSON value in which each string or key that holds one of the tokens is opaque; keys that templates read stay. */
export function guardDocument(value: unknown, tokens: readonly string[], mark: string): unknown {
  const guard = (text: string) => (tokens.some((token) => text.includes(token)) ? opaque(text, mark) : text);
  if (typeof value === "string") return guard(value);
  if (Array.isArray(value)) return value.map((item) => guardDocument(item, tokens, mark));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [
    guard(key),
    guardDocument(member, tokens, mark),
  ]);
  return Object.fromEntries(members);
}

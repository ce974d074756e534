import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stopStrings } from "./stop-strings.ts";

/** Token i stands for the i-th text; 5 and 6 are the two bytes of "\u00e9", and nothing is known of 7. */
const tokenBytes = [..."ab", "ba", "</", "s>"].map((text) => new Uint8Array(Buffer.from(text)));
tokenBytes.push(Uint8Array.of(0xc3), Uint8Array.of(0xa9));

/** How many tokens are said before one of the strings is. */
const length = (strings: readonly string[], tokens: readonly number[]) => {
  const says = stopStrings(tokenBytes, strings);
  return tokens.findIndex((_, i) => says(tokens.slice(0, i + 1))) + 1;
};

describe("stop strings", () => {
  it("are found where they begin in one token and end within another", () => {
    expect(length(["</s"], [0, 3, 4, 0])).toBe(3);
    expect(length(["bab"], [0, 1, 2, 1])).toBe(4);
    expect(length(["aba"], [0, 1, 0])).toBe(3);
  });

  it("are found in the middle of a token, and by whichever comes first", () => {
    expect(length(["b"], [0, 2, 1])).toBe(2);
    expect(length(["</s>", "ba"], [0, 3, 4, 2])).toBe(3);
  });

  it("are compared as bytes: one may end a character that two tokens make", () => {
    expect(length(["\u00e9"], [0, 5, 6])).toBe(3);
    expect(length(["a\u00e9"], [0, 7, 5, 6])).toBe(4);
    expect(length(["\u00e9"], [5, 0, 6])).toBe(0);
  });

  it("are looked for in what the last token completes, never in what was said before it", () => {
    expect(stopStrings(tokenBytes, ["ab"])([0, 1, 0])).toBe(false);
    expect(stopStrings(tokenBytes, [])([0, 1])).toBe(false);
  });

  it("are found at the very token at which the whole text first has them", () => {
    const tokens = fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 20 });
    const strings = fc.array(fc.constantFrom("ab", "abba", "</s>", "s", "\u00e9b", "bb"), { minLength: 1 });
    fc.assert(
      fc.property(tokens, strings, (said, wanted) => {
        const text = (upTo: number) =>
          Buffer.concat(said.slice(0, upTo).map((token) => tokenBytes[token] ?? new Uint8Array()));
        const first = said.findIndex((_, i) =>
          wanted.some((stop) => text(i + 1).includes(Buffer.from(stop))),
        );
        expect(length(wanted, said)).toBe(first + 1);
      }),
    );
  });
});

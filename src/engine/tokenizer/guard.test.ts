import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guardDocument, opaque, unusedMark, withoutTokens } from "./guard.ts";

describe("guarding text from outside", () => {
  it("breaks up every token, and dropping the mark gives the text back", () => {
    const token = fc.constantFrom("<a>", "a>b", ">", "<<");
    const text = fc
      .array(fc.oneof(token, fc.string({ unit: "grapheme", maxLength: 3 })))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (given) => {
        const mark = unusedMark(given);
        const guarded = opaque(given, mark);
        for (const held of ["<a>", "a>b", "<<"]) expect(guarded).not.toContain(held);
        expect(guarded.replaceAll(mark, "")).toBe(given);
      }),
      { seed: 1 },
    );
  });

  it("leaves white space to be trimmed, and nothing to be nothing", () => {
    expect(opaque(" a\t b\n", "|")).toBe(" |a|\t |b|\n");
    expect(opaque("", "|")).toBe("");
    for (const held of ["a\tb", " a", "b\n"]) expect(opaque(" a\tb\n", "|")).not.toContain(held);
  });

  it("takes a mark that the text does not hold", () => {
    expect(unusedMark("plain")).toBe("\ue000");
    expect(unusedMark([{ content: "\ue000 and \ue001" }])).toBe("\ue002");
  });

  it("breaks up the named tokens only where others may stand", () => {
    expect(withoutTokens("<b><c>", ["<b>"], "|")).toBe("|<|b|>|<c>");
  });

  it("guards strings and keys of a document that hold a token, and leaves the rest", () => {
    const document = { name: "f", "<b>": ["<b>", 1, null, true], description: "plain" };
    expect(guardDocument(document, ["<b>"], "|")).toEqual({
      name: "f",
      "|<|b|>|": ["|<|b|>|", 1, null, true],
      description: "plain",
    });
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "./json-source.ts";

describe("readJson", () => {
  it("reads what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(readJson(text).value).toEqual(JSON.parse(text));
      }),
    );
  });

  it("refuses what JSON.parse refuses, Python's NaN and Infinity apart", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]{}",:\\ \n01-.eatrufnlsE+') }), (text) => {
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expect(() => readJson(text)).toThrow(SyntaxError);
          return;
        }
        expect(readJson(text).value).toEqual(expected);
      }),
    );
  });

  it("refuses whole numbers of more digits than Python reads", () => {
    const digits = "1".repeat(4_300);
    expect(readJson(`[-${digits}, 1${digits}.0]`).value).toHaveLength(2);
    expect(() => readJson(`[1${digits}]`)).toThrow(SyntaxError);
  });

  it("keeps the text of an object's members, which numbers would lose", () => {
    const { value, members } = readJson('{"a": 1.0, "b" : [9007199254740993, 2],"a":\t{"x": NaN} }');
    expect([...members]).toEqual([
      ["a", '{"x": NaN}'],
      ["b", "[9007199254740993, 2]"],
    ]);
    expect(value).toEqual({ a: { x: Number.NaN }, b: [9007199254740992, 2] });
  });

  it("reads Python's three extra numbers", () => {
    expect(readJson("[NaN, Infinity, -Infinity]").value).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });

  it("bounds nesting instead of exhausting the stack", () => {
    expect(() => readJson("[".repeat(100_000))).toThrow(SyntaxError);
    const deep = `${"[".repeat(900)}${"]".repeat(900)}`;
    expect(JSON.stringify(readJson(deep).value)).toBe(deep);
  });

  it("treats __proto__ as a name like any other", () => {
    const { value } = readJson('{"__proto__": {"polluted": true}}');
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

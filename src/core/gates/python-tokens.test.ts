import { describe, expect, it } from "vitest";
import { pythonLiterals } from "./python-literals.ts";
import { pythonSignatureOf } from "./python-syntax.ts";
import { logicalLines, pythonTokens } from "./python-tokens.ts";

const tokens = (code: string) => {
  const found = pythonTokens(code);
  return typeof found === "string" ? found : found.map(({ text }) => text).filter((text) => text !== "");
};

describe("pythonTokens", () => {
  it("tells names, numbers, operators and strings apart, and drops comments", () => {
    expect(tokens("a=x.y**2 // 3.5e-1 # z\nb: c -> d")).toEqual([
      "a",
      "=",
      "x",
      ".",
      "y",
      "**",
      "2",
      "//",
      "3.5e-1",
      "b",
      ":",
      "c",
      "->",
      "d",
    ]);
  });

  it("says what strings say, whatever their quotes and escapes", () => {
    expect(
      tokens(String.raw`'a\'b' "\x41\u00e9\n" r'\d' b"x" """two
lines"""`),
    ).toEqual(["a'b", "Aé\n", String.raw`\d`, "x", "two\nlines"]);
  });

  it("reads the expressions inside f-strings, specifications included", () => {
    expect(tokens("f'a {x.__class__!r:>{w}} {{b}}'")).toEqual([
      "(",
      "x",
      ".",
      "__class__",
      ")",
      "(",
      "w",
      ")",
      "a \0 {b}",
    ]);
    expect(tokens(`f"{d['k'] != 1}"`)).toEqual(["(", "d", "[", "k", "]", "!=", "1", ")", "\0"]);
  });

  it("refuses what is none of Python's, letters that look like others included", () => {
    expect(tokens("ｅval('1')")).toBe("'ｅ' is no token of Python's");
    expect(tokens("'open")).toBe("syntax error: a string is not closed");
    expect(tokens("f(1")).toBe("syntax error: a bracket is not closed");
    expect(tokens(String.raw`'\N{DOLLAR SIGN}'`)).toMatch(/does not look up/);
  });

  it("ends logical lines where Python does", () => {
    const found = pythonTokens("def f(a,\n      b):\n    return a + \\\n  b\nx = 1");
    const lines = typeof found === "string" ? [] : logicalLines(found);
    expect(lines.map(([first]) => [first!.text, first!.indent])).toEqual([
      ["def", 0],
      ["return", 4],
      ["x", 0],
    ]);
  });
});

describe("pythonSignatureOf", () => {
  it("reads table, parameters and defaults", () => {
    expect(
      pythonSignatureOf(
        "import re\n\ndef f(table, /, a=..., b: str = 'x', *, c=[1, True], **others) -> str:\n    return a",
      ),
    ).toEqual({ name: "f", table: "table", parameters: { a: undefined, b: '"x"', c: "[1,true]" } });
    expect(pythonSignatureOf("def f(a, b=g(1)):\n    return a")).toEqual({
      name: "f",
      parameters: { a: undefined, b: "g ( 1 )" },
    });
  });

  it.each([
    "x = 1\ndef f():\n    return x",
    "def f():\n    return 1\ndef g():\n    return 2",
    "def f(): return 1\nimport re",
    "@g\ndef f():\n    return 1",
  ])("refuses what is more than one function: %j", (code) => {
    expect(pythonSignatureOf(code)).toBe("code is not exactly one function, after what it imports");
  });

  it("refuses statements that hide behind an import, and parameters of other kinds", () => {
    expect(pythonSignatureOf("import re; x = 1\ndef f():\n    return 1")).toBe(
      "an import has something else on its line",
    );
    expect(pythonSignatureOf("def f(*all):\n    return 1")).toBe(
      "parameters are not (table, /, a, b=1, **others)",
    );
    expect(pythonSignatureOf("def f(a, b, /):\n    return 1")).toBe(
      "parameters before '/' are not the table alone",
    );
  });
});

describe("pythonLiterals", () => {
  it("puts together what code puts together", () => {
    const found = pythonTokens(
      "a = 'Par'\nb = a + 'is'\nc = 'Os' 'lo'\nd = 1_000\na2 = x + 'end'\nf = f'{a}'",
    );
    expect(typeof found === "string" ? found : pythonLiterals(found)).toEqual(
      expect.arrayContaining(["Paris", "Oslo", "1000", "end"]),
    );
  });
});

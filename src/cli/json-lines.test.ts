import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readJsonLines } from "./json-lines.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-lines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "rows.jsonl");
const kind = { option: "--rows", schema: z.object({ n: z.number().max(9) }), next: "give numbers" };
const read = (text: string) => {
  writeFileSync(path, text);
  return readJsonLines(path, kind);
};

describe("a file of JSON lines", () => {
  it("is read in its order, without blank lines and a byte order mark", () => {
    expect(read('\uFEFF{"n": 1}\r\n\n{"n": 2}')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it.each([
    [
      "is no JSON",
      '{"n": 1}\n{"n" 2}',
      `--rows ${path}: invalid JSON at line 2, column 6: "{\\"n\\" 2}"; give numbers`,
    ],
    [
      "has a wrong value",
      '\n{"n": 10}',
      `--rows ${path} line 2: field 'n' = 10: Too big: expected number to be <=9\ngive numbers`,
    ],
    [
      "lacks a field",
      "{}",
      `--rows ${path} line 1: field 'n': Invalid input: expected number, received undefined\ngive numbers`,
    ],
    [
      "is another thing",
      "[1]",
      `--rows ${path} line 1: field '(top level)' = [1]: Invalid input: expected object, received array\ngive numbers`,
    ],
  ])("is refused where a line %s, with its number, what is wrong and what to do", (_, text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ type: "InvalidInput", message }));
  });
});

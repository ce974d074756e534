import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { decodeText, readInputFile } from "./input-file.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-input-"));

function fileOf(text: string | Buffer): string {
  const path = join(folder, "input.json");
  writeFileSync(path, text);
  return path;
}

describe("an input file", () => {
  it("is read as JSON", () => {
    expect(readInputFile(fileOf('{ "id": "a" }'), "--input")).toEqual({ id: "a" });
  });

  it("may begin with a byte order mark", () => {
    expect(readInputFile(fileOf('\uFEFF{ "id": "a" }'), "--input")).toEqual({ id: "a" });
  });

  it("must be UTF-8, as what is not would be lost", () => {
    const path = fileOf(Buffer.from('{ "id": "M\xfcller" }', "latin1"));
    expect(() => readInputFile(path, "--input")).toThrow(`--input ${path} is not UTF-8; save it as UTF-8`);
  });

  it("must not be longer than a text can be", () => {
    const decode = vi.spyOn(TextDecoder.prototype, "decode").mockImplementation(() => {
      throw Object.assign(new Error("too long"), { code: "ERR_STRING_TOO_LONG" });
    });
    expect(() => decodeText(new Uint8Array(9), "--rows", "rows.jsonl")).toThrow(
      "--rows rows.jsonl has 9 bytes, more than are read at once; split it",
    );
    decode.mockRestore();
  });

  it("must not say anything twice, however deep, as only the last would count", () => {
    const twice = '{ "id": "a", "stages": { "s": [{ "a": "}", "\\u0061": 1 }] } }';
    const path = fileOf(twice);
    expect(() => readInputFile(path, "--input")).toThrow(
      `--input ${path}: field 'stages.s.0.a' is there twice, and only one of them can count; take one out or name it otherwise`,
    );
    const once = '{ "a": { "b": ["b", "b", { "a": "\\"a\\":" }], "a": 1 }, "b": [{ "c": 1 }, { "c": 2 }] }';
    expect(readInputFile(fileOf(once), "--input")).toEqual(JSON.parse(once));
    const escaped = '{ "a\\\\": "\\\\\\"", "a": "\\\\", "b\\"a": 1 }';
    expect(readInputFile(fileOf(escaped), "--input")).toEqual({ "a\\": '\\"', a: "\\", 'b"a': 1 });
    const long = { a: '\n"x'.repeat(2 ** 22), b: 1 };
    expect(readInputFile(fileOf(JSON.stringify(long)), "--input")).toEqual(long);
  });

  it("must be a file", () => {
    expect(() => readInputFile(folder, "--input")).toThrow(
      `--input ${folder}: it is a folder; give the path`,
    );
  });

  it("must be there", () => {
    const path = join(folder, "absent.json");
    expect(() => readInputFile(path, "--input")).toThrow(
      `--input ${path}: there is no such file; give the path of a JSON file, for example temporal/examples/tiny.json`,
    );
  });

  const broken: [string, string, string][] = [
    ["a missing colon", '{\n "a": 1,\n "b" 2}', 'invalid JSON at line 3, column 6: "\\"b\\" 2}"'],
    ["a bare word", '{\n "a": x}', 'invalid JSON at line 2, column 7: "\\"a\\": x}"'],
    [
      "a bare word after much text",
      `[\n${'"text",\n'.repeat(50)}word]`,
      'invalid JSON at line 52, column 1: "word]"',
    ],
    ["a trailing comma", '{\n "a": 1,\n}', 'invalid JSON at line 3, column 1: "}"'],
    ["an early end", '{\n "a": [1,', 'invalid JSON at line 2, column 10: "\\"a\\": [1,"'],
    ["nothing at all", "", 'invalid JSON at line 1, column 1: ""'],
  ];
  it.each(broken)("with %s is refused by line", (_, text, message) => {
    expect(() => readInputFile(fileOf(text), "--input")).toThrow(message);
  });
});

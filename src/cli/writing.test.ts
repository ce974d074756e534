import { mkdirSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { writing } from "./writing.ts";

it("gives what the work gives", () => {
  expect(writing("--out", "x", () => 1)).toBe(1);
});

it.each([
  ["--into", "/dev/null/rates.json", "ENOTDIR", (path: string) => writeFileSync(path, "")],
  ["--out", "/dev/null/folder", "ENOTDIR", (path: string) => mkdirSync(path, { recursive: true })],
  ["FOLDER", "/dev/null", "EEXIST", (path: string) => mkdirSync(path, { recursive: true })],
  ["--out", "/dev", "EISDIR", (path: string) => writeFileSync(path, "")],
])("names %s, the path and the reason where %s cannot be written (%s)", (field, path, code, work) => {
  expect(() => writing(field, path, () => work(path))).toThrow(
    `${field} ${path} cannot be written (${code}); name another place`,
  );
});

it("leaves what the file system did not refuse as it is", () => {
  const mistake = new TypeError("not a function");
  expect(() =>
    writing("--out", "x", () => {
      throw mistake;
    }),
  ).toThrow(mistake);
});

/** FTRL's published tools in the sandbox give what native CPython gave (scripts/ftrl/parity.ts wrote it down). */
import { readFileSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { importFtrlRow } from "../src/core/formats/ftrl.ts";
import type { JsonObject } from "../src/core/json.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";

interface NativeCall {
  readonly row: number;
  readonly name: string;
  readonly arguments: JsonObject;
  readonly expected: { readonly kind: string; readonly text: string };
}

const linesOf = (name: string) =>
  readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
const environments = linesOf("ftrl_rows.jsonl").map((text) => importFtrlRow(text, "row"));
const calls = linesOf("ftrl_row_calls.jsonl").map((line) => JSON.parse(line) as NativeCall);
const sandbox = createSandbox({ ...defaultSandboxLimits, log: () => {} });
afterAll(() => sandbox.close());

it("171 calls of the 16 tools of four rows give the bytes that native Python gives", async () => {
  expect([calls.length, environments.flatMap(({ tools }) => tools).length]).toEqual([171, 16]);
  const outcomes = await sandbox.run(
    calls.map(({ row, name, arguments: given }) => {
      const { code } = environments[row]!.tools.find(({ document }) => document.name === name)!;
      return { program: { name, runtime: "python", code }, arguments: given };
    }),
  );
  expect(outcomes.map(({ kind, text }) => ({ kind, text }))).toEqual(calls.map(({ expected }) => expected));
});

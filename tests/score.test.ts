/** `ratchet score` against the published reward functions, and what it says of wrong input. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { register } from "../src/cli/commands/score.ts";
import type { ToolInvocation, ToolOutcome } from "../src/core/ports/sandbox.ts";
import { ftrlRowSchema } from "../src/core/reward/ftrl-row.ts";
import { type RewardKind, rewardKinds } from "../src/core/reward/reward.ts";
import { scoreRows } from "../src/core/reward/score-rows.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";

const cases = fileURLToPath(new URL("fixtures/ftrl_reward_cases.jsonl", import.meta.url));
const expected: Record<RewardKind, number>[] = readFileSync(cases, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line).expected);

const folder = mkdtempSync(join(tmpdir(), "ratchet-score-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** Lines that the command prints. */
async function score(...options: string[]): Promise<string[]> {
  const program = new Command().exitOverride();
  register(program);
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  await program.parseAsync(["score", ...options], { from: "user" });
  return lines.join("").trim().split("\n");
}

const row = {
  codes: JSON.stringify({ half: "def half(x):\n    return x / 2" }),
  unsolved_set: JSON.stringify({ half: ["1.5"] }),
  solve_rate: 0,
  answer: "1.5",
  response: '<tool_call>{"name": "half", "arguments": {"x": 3}}</tool_call>',
};
function fileOf(...lines: string[]): string {
  const path = join(folder, "rows.jsonl");
  writeFileSync(path, lines.join("\n"));
  return path;
}

describe("ratchet score", () => {
  it("equals FTRL's own solve-f1 on 400 rows", async () => {
    const lines = await score("--rows", cases);
    expect(lines.map((line) => JSON.parse(line).reward)).toEqual(
      expected.map((values) => values["solve-f1"]),
    );
  });

  it("equals FTRL's own four rewards on 400 rows, given the same outcomes of their calls", async () => {
    const rows = readFileSync(cases, "utf8")
      .trim()
      .split("\n")
      .map((line) => ftrlRowSchema.parse(JSON.parse(line)));
    const sandbox = createSandbox({ ...defaultSandboxLimits, log: () => {} });
    const outcomes = new Map<string, ToolOutcome[]>();
    const recorded = {
      close: () => sandbox.close(),
      run: async (invocations: readonly ToolInvocation[]) => {
        const key = JSON.stringify(invocations);
        if (!outcomes.has(key)) outcomes.set(key, await sandbox.run(invocations));
        return outcomes.get(key)!;
      },
    };
    for (const kind of rewardKinds) {
      const scored = await scoreRows(rows, kind, recorded);
      expect(scored.map(({ reward }) => reward)).toEqual(expected.map((values) => values[kind]));
    }
    await sandbox.close();
  });

  it("scores rows of any split by solve-f1 and tells calls and solved answers, one line per row", async () => {
    const path = fileOf(
      JSON.stringify({ ...row, split: "test" }),
      JSON.stringify({ ...row, response: "It is 1.5." }),
      JSON.stringify({ ...row, answer: null, response: "<tool_call>" }),
      "",
    );
    expect(await score("--rows", path)).toEqual([
      '{"reward":1,"calls":1,"solved":1}',
      '{"reward":0.5,"calls":0,"solved":0}',
      '{"reward":-0.3,"calls":0,"solved":0}',
    ]);
  });

  it("looks for answers where FTRL does: in the whole output, and in what str() says of an exception", async () => {
    const said = (body: string, answer: string) =>
      JSON.stringify({
        ...row,
        codes: JSON.stringify({ half: `def half(x):\n    ${body}` }),
        unsolved_set: JSON.stringify({ half: [answer] }),
      });
    const path = fileOf(
      said("return 'z' * 1000000 + '1.5'", "1.5"),
      said("raise ValueError('about 1.5')", "1.5"),
      said("assert False", "assertion"),
      said("raise KeyError('1.5')", "'1.5'"),
    );
    expect((await score("--rows", path)).map((line) => JSON.parse(line).reward)).toEqual([1, 1, 0, 1]);
  });

  it.each([
    [
      "a missing file",
      () => join(folder, "none.jsonl"),
      /^--rows \S+none.jsonl: there is no such file; give /,
    ],
    ["a folder", () => folder, /^--rows \S+: it is a folder; give JSON lines, /],
    [
      "a line that is no JSON",
      () => fileOf(JSON.stringify(row), "{oops"),
      /^--rows \S+rows.jsonl: invalid JSON at line 2, column 2: "{oops"; give JSON lines, /,
    ],
    [
      "a missing field",
      () => fileOf(JSON.stringify({ ...row, response: undefined })),
      /^--rows \S+rows.jsonl line 1: field 'response': Invalid input: expected string, received undefined\ngive JSON lines, each a row of FTRL's data \(.*\) with a model's `response`$/,
    ],
    [
      "a nested value that is no JSON text",
      () => fileOf(JSON.stringify({ ...row, codes: "def half(x): pass" })),
      /line 1: field 'codes' = "def half\(x\): pass": is no JSON text; nested values are JSON strings\ngive JSON lines/,
    ],
    [
      "answers that are no strings",
      () => fileOf(JSON.stringify({ ...row, unsolved_set: '{"half": [1.5]}' })),
      /line 1: field 'unsolved_set.half.0' = "{\\"half\\": \[1.5\]}": .*\ngive JSON lines/,
    ],
    [
      "what is no row at all",
      () => fileOf("[1]"),
      /line 1: field '\(top level\)' = \[1\]: .*\ngive JSON lines/,
    ],
  ])("refuses %s", async (_, path, message) => {
    await expect(score("--rows", path())).rejects.toMatchObject({
      type: "InvalidInput",
      message: expect.stringMatching(message),
    });
  });

  it("refuses an unknown reward before it reads the rows", async () => {
    await expect(score("--rows", "none.jsonl", "--reward", "solve-f2")).rejects.toMatchObject({
      type: "InvalidInput",
      message: "--reward 'solve-f2' is unknown; choose one of solve-f1, solve-p, solve-r, solve-pr",
    });
  });
});

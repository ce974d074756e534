/** `ratchet loss` as a person runs it. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const fixture = "tests/fixtures/verl_policy_loss_cases.jsonl";
const loss = (...args: string[]) =>
  spawnSync(process.execPath, ["bin/ratchet.mjs", "loss", ...args], { encoding: "utf8", maxBuffer: 1e8 });

describe("ratchet loss", () => {
  it("prints one line per case, in order, under the fixture's keys", () => {
    const { status, stdout, stderr } = loss("--cases", fixture);
    expect([status, stderr]).toEqual([0, ""]);
    const printed = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const cases = readFileSync(fixture, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(printed).toHaveLength(40);
    printed.forEach((line, i) => {
      expect(Object.keys(line)).toEqual(["kl", "advantages", "losses"]);
      expect(Object.keys(line.losses).sort()).toEqual(Object.keys(cases[i].losses).sort());
      const { pg_loss } = cases[i].losses["grpo/token-mean"];
      expect(line.losses["grpo/token-mean"].pg_loss).toBeCloseTo(pg_loss, 6);
    });
  });

  it("ends quietly where its reader has enough, and in words where its output cannot be written", () => {
    const shell = (into: string) =>
      spawnSync("bash", ["-o", "pipefail", "-c", `node bin/ratchet.mjs loss --cases ${fixture} ${into}`], {
        encoding: "utf8",
      });
    expect(shell("| head -c 10")).toMatchObject({
      status: 0,
      stdout: '{"kl":{"kl',
      stderr: "",
    });
    expect(shell("> /dev/full")).toMatchObject({
      status: 2,
      stderr: "ratchet: standard output cannot be written (ENOSPC); send it elsewhere\n",
    });
  });

  it("says what is wrong with a missing file and with a line that is no case, and prints nothing", () => {
    const missing = loss("--cases", "nowhere.jsonl");
    expect([missing.status, missing.stdout, missing.stderr]).toEqual([
      2,
      "",
      "ratchet: --cases nowhere.jsonl: there is no such file; give JSON lines, each a case as in tests/fixtures/verl_policy_loss_cases.jsonl\n",
    ]);
    const wrong = loss("--cases", "package.json");
    expect([wrong.status, wrong.stdout]).toEqual([2, ""]);
    expect(wrong.stderr).toBe(
      'ratchet: --cases package.json: invalid JSON at line 1, column 2: "{"; give JSON lines, each a case as in tests/fixtures/verl_policy_loss_cases.jsonl\n',
    );
  });
});

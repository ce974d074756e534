import { describe, expect, it } from "vitest";
import type { ToolInvocation, ToolOutcome } from "../core/ports/sandbox.ts";
import type { BatchResult } from "./batch.ts";
import { runToTheEnd } from "./recovery.ts";

const call = (name: string): ToolInvocation => ({
  program: { name, runtime: "javascript", code: "" },
  arguments: {},
});
const outcome = (text: string): ToolOutcome => ({ kind: "returned", text, fuel: 1 });

const done = (...texts: string[]): BatchResult => ({
  outcomes: texts.map(outcome),
  started: true,
  end: { kind: "exited" },
});
const lost = (...texts: string[]): BatchResult => ({
  outcomes: texts.map(outcome),
  started: true,
  end: { kind: "failed", reason: "silent", detail: "nothing for 5 ms" },
});
const ended = (reason: "time" | "memory", ...texts: string[]): BatchResult => ({
  ...lost(...texts),
  end: { kind: "failed", reason, detail: "too much" },
});
const unborn: BatchResult = {
  outcomes: [],
  started: false,
  end: { kind: "failed", reason: "crashed", detail: "exit 1" },
};

/** Children that end as the script says; throws when the script ends. */
function scripted(...script: BatchResult[]) {
  const asked: string[] = [];
  const run = (...names: string[]) =>
    runToTheEnd(
      {
        runBatch: async (invocations) => {
          asked.push(invocations.map(({ program }) => program.name).join(""));
          const next = script.shift();
          if (!next) throw new Error("the script has ended");
          return next;
        },
        limits: { memoryMb: 64, toolTimeoutMs: 3, wallMs: 5, fuel: 10 },
        ended: ({ program }, exceeded) => outcome(`${program.name} was ended for ${exceeded.join(" and ")}`),
        log: () => {},
      },
      names.map(call),
    );
  return { run, asked };
}

describe("runToTheEnd", () => {
  it("asks one child for everything", async () => {
    const { run, asked } = scripted(done("1", "2"));
    expect(await run("a", "b")).toEqual([outcome("1"), outcome("2")]);
    expect(asked).toEqual(["ab"]);
  });

  it("goes on in a fresh child where one ended itself after a call", async () => {
    const { run, asked } = scripted(done("1"), done("2", "3"));
    expect(await run("a", "b", "c")).toHaveLength(3);
    expect(asked).toEqual(["abc", "bc"]);
  });

  it("tries the call a lost child was at alone, then goes on with the rest, and repeats nothing", async () => {
    const { run, asked } = scripted(lost("1"), lost(), done("2"), done("3"));
    expect(await run("a", "b", "c")).toEqual([outcome("1"), outcome("2"), outcome("3")]);
    expect(asked).toEqual(["abc", "b", "b", "c"]);
  });

  it("names the tool that lost three children of its own", async () => {
    const { run, asked } = scripted(lost("1"), lost(), lost(), lost());
    await expect(run("a", "b")).rejects.toMatchObject({
      type: "SandboxFailure",
      message: "tool 'b' was silent for 5 ms; lower the load or simplify the tool; 3 fresh children agree",
      fields: { tool: "b", reason: "silent" },
    });
    expect(asked).toEqual(["ab", "b", "b", "b"]);
  });

  it("takes it for the call's outcome that two children were ended at it, says for what, and goes on", async () => {
    const { run, asked } = scripted(ended("time", "1"), ended("memory"), done("3"));
    const bEnded = outcome("b was ended for time and memory");
    expect(await run("a", "b", "c")).toEqual([outcome("1"), bEnded, outcome("3")]);
    expect(asked).toEqual(["abc", "b", "c"]);
  });

  it("asks again where a child was ended once", async () => {
    const { run, asked } = scripted(ended("memory", "1"), lost(), done("2"));
    expect(await run("a", "b")).toEqual([outcome("1"), outcome("2")]);
    expect(asked).toEqual(["ab", "b", "b"]);
  });

  it("blames no tool for children that do not start", async () => {
    const { run, asked } = scripted(unborn, lost(), unborn, unborn, done("1"));
    expect(await run("a")).toEqual([outcome("1")]);
    expect(asked).toEqual(["a", "a", "a", "a", "a"]);
    await expect(scripted(unborn, unborn, unborn).run("a")).rejects.toMatchObject({
      type: "SandboxFailure",
      message: "the sandbox did not start, 3 times: exit 1; check memory, load and node_modules",
    });
  });
});

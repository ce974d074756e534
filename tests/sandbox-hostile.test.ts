/** What tools cannot do in the sandbox: stop it, fill it, leave it or hide that they tried. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { runBatch } from "../src/sandbox/batch.ts";
import { childStart } from "../src/sandbox/interpreters.ts";
import { findIsolation } from "../src/sandbox/isolation.ts";
import { jobOf } from "../src/sandbox/job.ts";
import { budgetOf } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { startSpare } from "../src/sandbox/spares.ts";
import { attacksOnTheMachine, javascript, python } from "./support/attacks.ts";

const log: string[] = [];
const limits = {
  memoryMb: 192,
  toolTimeoutMs: 1_000,
  wallMs: 120_000,
  fuel: 200_000,
  log: (line: string) => log.push(line),
};
const sandbox = createSandbox(limits);
afterAll(() => sandbox.close());

const fine = javascript("return 'fine';");
/** A loop in the interpreter's own compiled code, where no fuel is counted. */
const spinning = {
  javascript: { ...javascript("return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);") },
  python: python("return sum(iter(int, 1))"),
};
const outOfFuel = {
  kind: "out_of_fuel",
  text: "tool 'tool' did not finish within 200000 steps",
  fuel: 200_000,
};

describe("a tool that never ends", () => {
  it("runs out of fuel in JavaScript, whatever it catches", async () => {
    expect(
      await sandbox.run([
        javascript("for (;;);"),
        javascript("for (;;) { try { for (;;); } catch {} finally { continue; } }"),
        javascript("return (async () => { for (;;) await null; })();"),
        javascript("return /(a+)+b/.test('a'.repeat(64));"),
        javascript("[3, 2, 1].sort(() => { for (;;); });"),
      ]),
    ).toEqual([outOfFuel, outOfFuel, outOfFuel, outOfFuel, outOfFuel]);
  });

  it("runs out of fuel in Python, whatever it catches", async () => {
    expect(
      await sandbox.run([
        python("while True: pass"),
        python("while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass"),
        python("return sum(1 for _ in iter(int, 1))"),
        python("import sys\nsys.settrace = None\nsys.setprofile = None\nwhile True: pass"),
        python("class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E()"),
      ]),
    ).toEqual([outOfFuel, outOfFuel, outOfFuel, outOfFuel, outOfFuel]);
  });

  it.each(["javascript", "python"] as const)(
    "in native code (%s) is ended for the processor time it took, and the other calls are well",
    async (runtime) => {
      const culprit = { ...spinning[runtime], program: { ...spinning[runtime].program } };
      const [before, ended, after] = await sandbox.run([fine, culprit, fine]);
      expect(ended).toEqual({
        kind: "ended",
        text: "tool 'tool' took more than its 1000 ms of processor time beside its counted steps",
        fuel: 0,
      });
      expect([before!.text, after!.text]).toEqual(["fine", "fine"]);
      expect(sandbox.pids()).toEqual([]);
    },
  );

  it("is a failure of the sandbox where the clock alone ran out, which a busy machine can do to any tool", async () => {
    const patient = createSandbox({ ...limits, toolTimeoutMs: 600_000, wallMs: 300 });
    await expect(patient.run([spinning.javascript])).rejects.toMatchObject({
      type: "SandboxFailure",
      retryable: true,
      message:
        "tool 'tool' was silent for 300 ms; lower the load or simplify the tool; 3 fresh children agree",
      fields: { tool: "tool", reason: "silent" },
    });
    await patient.close();
  });
});

describe("a tool that wants everything", () => {
  it("gets an error of its own when memory ends", async () => {
    const outcomes = await sandbox.run([
      javascript("const a = []; for (;;) a.push(new Uint8Array(1e7));"),
      javascript("return 'a'.repeat(2 ** 29).length;"),
      python("x = [0] * 10\nwhile True: x = x + x"),
      python("return len(bytearray(2 ** 30))"),
      fine,
    ]);
    expect(outcomes.map(({ kind, text }) => [kind, text])).toEqual([
      ["raised", "out of memory"],
      ["raised", "out of memory"],
      ["raised", ""], // str() of Python's MemoryError, as FTRL words it
      ["raised", ""],
      ["returned", "fine"],
    ]);
  });

  it("gets an error of its own when it calls itself too deep", async () => {
    const outcomes = await sandbox.run([
      javascript("return tool();"),
      python("return tool()"),
      python("import sys\nsys.setrecursionlimit(10 ** 9)\nreturn tool()"),
      fine,
    ]);
    expect(outcomes.map(({ kind, text }) => [kind, text])).toEqual([
      ["raised", "stack overflow"],
      ["raised", "maximum recursion depth exceeded"],
      ["raised", "maximum recursion depth exceeded"],
      ["returned", "fine"],
    ]);
  });

  it("that ends its interpreter ends nothing else", async () => {
    const outcomes = await sandbox.run([
      python("import os\nos._exit(0)"),
      python("return 1"),
      python("x, y = [], []\nfor i in range(60000): x, y = [x], [y]\nreturn x == y"),
      python("return 2"),
    ]);
    expect(outcomes.map(({ text }) => text)).toEqual([
      "the tool ended its interpreter",
      "1",
      "the tool ended its interpreter",
      "2",
    ]);
  });

  it("is killed from outside where its process grows past its share", async () => {
    // A share below what the interpreter itself needs stands in for a tool that got around the inner limit.
    const cramped = createSandbox({ ...limits, memoryMb: -375 });
    await expect(cramped.run([fine])).rejects.toThrow(/^the sandbox did not start, 3 times: \d+ MiB in use/);
    await cramped.close();
  });

  it("is killed from outside where a call grows past its budget and no inner limit stops it", async () => {
    const greedy = javascript(
      "const held = 'x'.repeat(6e7); return Array.prototype.indexOf.call({ length: 2 ** 53 - 1, held }, 1);",
    );
    const job = jobOf([greedy], limits, () => undefined);
    const { outcomes, end } = await runBatch(
      {
        spare: startSpare(childStart("javascript", limits, "run"), findIsolation()),
        job,
        count: 1,
        read: (line) => line,
        wallMs: limits.wallMs,
        budget: { ...budgetOf("javascript", limits, job), uncountedMs: limits.wallMs, growthMb: 16 },
        signal: new AbortController().signal,
      },
      new Set(),
    );
    expect(outcomes).toEqual([]);
    expect(end).toMatchObject({ kind: "failed", reason: "memory" });
  });
});

describe("a tool that wants out", () => {
  it("finds nothing but the language in JavaScript", async () => {
    const wanted =
      "process require module fetch WebSocket XMLHttpRequest console setTimeout std os WebAssembly Buffer";
    const [globals, made, imported] = await sandbox.run([
      javascript(`return "${wanted}".split(" ").filter((name) => globalThis[name] !== undefined);`),
      javascript("return tool.constructor('return typeof process')();"),
      javascript("return import('node:fs');"),
    ]);
    expect(globals!.text).toBe("[]");
    expect(made).toMatchObject({
      kind: "raised",
      text: "'Function' makes code from text, which no tool may; write the code out",
    });
    expect(imported!.kind).toBe("raised");
  });

  it("finds no machine in Python", async () => {
    const outcomes = await sandbox.run(attacksOnTheMachine.map(([attack]) => attack));
    expect(outcomes.map(({ kind, text }) => [kind, text])).toEqual(
      attacksOnTheMachine.map(([, kind, text]) => [kind, text]),
    );
  });

  it("that digs up Pyodide's bridge to JavaScript can make no code there and finds no process", async () => {
    const dig = [
      "import sys",
      "for name in [n for n, m in sys.modules.items() if m is None]: del sys.modules[name]",
      "import _pyodide_core",
      "host = _pyodide_core.to_js({'a': [1]})",
      "found = []",
      "try: host.constructor.constructor('return 1')()",
      "except BaseException as e: found.append(str(e))",
      "import gc",
      "scopes = [o.jsproxies for o in gc.get_objects() if type(o).__name__ == 'JsFinder']",
      "found.append([list(s) for s in scopes])",
      "return found",
    ].join("\n");
    const [outcome] = await sandbox.run([python(dig)]);
    expect(outcome!.text).toMatch(/^\["EvalError: Code generation from strings disallowed.*", \[\[\]\]\]$/);
  });

  it("runs in a process without environment or network, which says what it is", {
    skip: process.platform !== "linux",
  }, async () => {
    const running = sandbox.run([spinning.javascript]);
    await until(() => sandbox.pids().length === 1);
    const [pid] = sandbox.pids();
    await until(() => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(process.execPath));
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toContain("\0ratchet-sandbox\0");
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).toBe("");
    if (!log.some((line) => line.includes("network namespace")))
      expect(readFileSync(`/proc/${pid}/net/dev`, "utf8").match(/\w+:/g)).toEqual(["lo:"]);
    expect(await running).toMatchObject([{ kind: "ended" }]);
  });
});

describe("the sandbox", () => {
  it("loses no outcome and repeats no finished call when a child is killed from outside", async () => {
    const slow = "let s = 0; for (let i = 0; i < 60000; i++) s += i; return s;";
    const running = sandbox.run(Array.from({ length: 40 }, () => javascript(slow)));
    await until(() => sandbox.pids().length === 1);
    await sleep(400);
    for (const pid of sandbox.pids()) process.kill(pid, "SIGKILL");
    const outcomes = await running;
    expect(new Set(outcomes.map(({ text }) => text))).toEqual(new Set(["1799970000"]));
    expect(outcomes).toHaveLength(40);
  });

  it("stops its children when the caller gives up and when it is closed", async () => {
    const patient = createSandbox(limits);
    const giveUp = new AbortController();
    const given = patient.run([spinning.javascript], giveUp.signal).catch((error: unknown) => error);
    const closed = patient.run([spinning.javascript]).catch((error: unknown) => error);
    await until(() => patient.pids().length === 2);
    giveUp.abort(new Error("enough"));
    expect(await given).toMatchObject({ message: "enough" });
    await patient.close();
    expect(await closed).toMatchObject({ type: "SandboxFailure", message: "the sandbox was closed" });
    expect(patient.pids()).toEqual([]);
  });

  it("takes its children with it when its process is killed", {
    skip: !existsSync("/usr/bin/setpriv"),
  }, async () => {
    const script = new URL("sandbox-parent.ts", import.meta.url).pathname;
    const parent = spawn(process.execPath, ["--import", "tsx", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    parent.kill("SIGKILL");
    await until(() => !existsSync(`/proc/${pid}`));
  });
});

/** Fails after 20 s. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (condition()) return;
    await sleep(50);
  }
  throw new Error(`waited 20 s for ${condition}`);
}

/**
 * What an attack by size or time costs before it is over: processor time and memory of its children as the kernel counts
 * them, which load does not change. Each kind is tried alone, and the sandbox works on after it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import type { ToolInvocation } from "../src/core/ports/sandbox.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { type Usage, usageOf } from "../src/sandbox/usage.ts";

/** As they are shipped; but the clock, which never ends a call that is at work, is given longer. */
const limits = { ...defaultSandboxLimits, wallMs: 300_000 };
const sandbox = createSandbox({ ...limits, log: () => {} });
afterAll(() => sandbox.close());

const pollMs = 10;
/** Beyond `toolTimeoutMs`, what an attack may take until it is over. */
const graceMs = 2_000;
const mebibyte = 1024 * 1024;

const javascript = (body: string): ToolInvocation => ({
  program: { name: "tool", runtime: "javascript", code: `function tool() { ${body} }` },
  arguments: {},
});
const python = (body: string): ToolInvocation => ({
  program: { name: "tool", runtime: "python", code: `def tool():\n${body.replaceAll(/^/gm, "    ")}` },
  arguments: {},
});
const fine = { javascript: javascript("return 1;"), python: python("return 1") };

/** Processor time of all children together since they were given the call, and the most that any one grew. */
async function costOf(invocation: ToolInvocation) {
  const spentMs = new Map<number, number>();
  let mib = 0;
  const first = new Map<number, Usage>();
  let over = false;
  const watch = async () => {
    for (; !over; await sleep(pollMs))
      for (const pid of sandbox.pids()) {
        const now = await usageOf(pid);
        if (!now) continue;
        const from = first.get(pid) ?? now;
        first.set(pid, from);
        spentMs.set(pid, now.processorMs - from.processorMs);
        mib = Math.max(mib, (now.residentBytes - from.residentBytes) / mebibyte);
      }
  };
  const watching = watch();
  const [outcome] = await sandbox.run([invocation]);
  over = true;
  await watching;
  return { kind: outcome!.kind, processorMs: [...spentMs.values()].reduce((sum, ms) => sum + ms, 0), mib };
}

const attacks: readonly (readonly [string, ToolInvocation, string])[] = [
  ["a loop", javascript("for (;;);"), "out_of_fuel"],
  ["a loop inside native code", javascript("return [].indexOf.call({ length: 2 ** 53 - 1 }, 1);"), "ended"],
  [
    "steps and then a loop inside native code",
    javascript("for (let i = 0; i < 300_000; i++); return [].indexOf.call({ length: 2 ** 53 - 1 }, 1);"),
    "ended",
  ],
  ["native code between few steps", javascript("for (;;) [].indexOf.call({ length: 2 ** 16 }, 1);"), "ended"],
  ["a sort without end", javascript("return new Array(2 ** 32 - 1).fill(0).sort().length;"), "raised"],
  ["a memory bomb", javascript("const a = []; for (;;) a.push(new Uint8Array(1e7));"), "raised"],
  ["a string bomb", javascript("let s = 'x'; for (;;) s += s;"), "raised"],
  ["a regex bomb", javascript("return /(a+)+b/.test('a'.repeat(64));"), "out_of_fuel"],
  ["a big-integer bomb", javascript("return String(9n ** 3000000n).length;"), "raised"],
  ["a recursion bomb", javascript("return tool();"), "raised"],
  ["an output flood", javascript("return 'y'.repeat(5e7);"), "returned"],
  ["a loop in Python", python("while True: pass"), "out_of_fuel"],
  ["a loop inside native code in Python", python("return sum(iter(int, 1))"), "ended"],
  [
    "steps and then a loop inside native code in Python",
    python("for _ in range(30_000): pass\nreturn sum(iter(int, 1))"),
    "ended",
  ],
  ["native code between few steps in Python", python("while True: sum(range(10 ** 5))"), "ended"],
  ["a memory bomb in Python", python("x = [0] * 10\nwhile True: x = x + x"), "raised"],
  ["a string bomb in Python", python("return len('x' * 10 ** 9)"), "raised"],
  ["a regex bomb in Python", python("import re\nreturn re.match('(a+)+b', 'a' * 64)"), "ended"],
  ["a big-integer bomb in Python", python("return 7 ** 7 ** 9 % 10"), "ended"],
  ["a recursion bomb in Python", python("return tool()"), "raised"],
  ["an output flood in Python", python("for _ in range(1000): print('x' * 10000)\nreturn 1"), "returned"],
];

describe("an attack by size or time", () => {
  it.each(attacks)("by %s is over within its limits, and the next call is well", async (_, attack, kind) => {
    const cost = await costOf(attack);
    expect(cost.kind).toBe(kind);
    expect(cost.processorMs).toBeLessThan(limits.toolTimeoutMs + graceMs);
    expect(cost.mib).toBeLessThan(256);
    expect((await sandbox.run([fine[attack.program.runtime]]))[0]!.text).toBe("1");
  });
});

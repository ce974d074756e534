/** What work takes of a sandbox's children, as the kernel counts it: load changes none of it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ChildSandbox } from "../../src/sandbox/sandbox.ts";
import { type Usage, usageOf } from "../../src/sandbox/usage.ts";

const pollMs = 10;
const mebibyte = 1024 * 1024;

export interface ChildCost {
  /** Of all children together since they were given their jobs. */
  readonly processorMs: number;
  /** The most that any one grew since then, MiB. */
  readonly mib: number;
}

export async function withChildCost<T>(
  sandbox: ChildSandbox,
  work: () => Promise<T>,
): Promise<T & ChildCost> {
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
  try {
    const result = await work();
    return { ...result, processorMs: [...spentMs.values()].reduce((sum, ms) => sum + ms, 0), mib };
  } finally {
    over = true;
    await watching;
  }
}

/** The memory of a Python interpreter that has started, which lets others start in a fraction of a second. */
import { RatchetError } from "../core/errors.ts";
import type { Surroundings } from "../core/ports/sandbox.ts";
import { startChild } from "./child.ts";
import { childStart } from "./interpreters.ts";
import type { Isolation } from "./isolation.ts";
import type { SandboxLimits } from "./limits.ts";

/** Starting Pyodide without a snapshot takes 3 s on an idle machine. */
const snapshotMs = 120_000;

/**
 * Made when it is first asked for, by a child that never sees a tool; a failure is tried again by the next to ask. The order
 * of sets, which other surroundings change, is settled in it.
 */
export function createSnapshot(
  limits: SandboxLimits,
  isolation: Isolation,
  signal: AbortSignal,
  surroundings: Surroundings = "usual",
) {
  let snapshot: Promise<Uint8Array> | undefined;
  return () => {
    snapshot ??= makeSnapshot(limits, isolation, signal, surroundings).catch((error) => {
      snapshot = undefined;
      throw error;
    });
    return snapshot;
  };
}

/**
 * Memory of an interpreter that has started and imported what tools import, but seen none: the same bytes every time,
 * 31 MB, kept in memory and handed to each child of this process.
 */
async function makeSnapshot(
  limits: SandboxLimits,
  isolation: Isolation,
  signal: AbortSignal,
  surroundings: Surroundings,
): Promise<Uint8Array> {
  signal.throwIfAborted();
  const chunks: Buffer[] = [];
  const child = startChild(childStart("python", limits, "snapshot", surroundings), isolation, {
    silenceMs: () => snapshotMs,
    onOutput: (chunk) => chunks.push(chunk),
  });
  const abort = () => child.kill();
  signal.addEventListener("abort", abort);
  const end = await child.ended;
  signal.removeEventListener("abort", abort);
  signal.throwIfAborted();
  if (end.kind === "exited") return Buffer.concat(chunks);
  throw new RatchetError(
    "SandboxFailure",
    `the Python interpreter did not start: ${end.detail}; check memory and node_modules/pyodide`,
    { reason: end.reason },
  );
}

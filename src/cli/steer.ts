/** Telling a run something and saying how it took it: what `pause` and `stop` share. */
import { setTimeout as sleep } from "node:timers/promises";
import { readConfig } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { runningEndpoints } from "../services/endpoints.ts";
import type { messages } from "../workflows/names.ts";
import type { RunProgress } from "./open-run.ts";

export interface SteerOptions {
  readonly json?: boolean;
}

/** Children hear of it a moment later and say how they are; longer than that is not worth waiting for. */
const settleMs = 2_000;

/** Signals the run's own workflow, which passes it on to its children. Throws InvalidInput where it is not under way. */
export async function steer(
  run: string,
  signal: typeof messages.pause | typeof messages.stopAfterIteration,
  wanted: (progress: RunProgress) => boolean,
  { json = false }: SteerOptions,
): Promise<void> {
  const endpoints = runningEndpoints(readConfig());
  const [{ withClient }, { outermost, progressOf }] = await Promise.all([
    import("./temporal-client.ts"),
    import("./open-run.ts"),
  ]);
  const progress = await withClient(endpoints, async (client) => {
    const handle = await outermost(client, run);
    await handle.signal(signal);
    const deadline = performance.now() + settleMs;
    const look = () =>
      progressOf(client, handle.workflowId).catch((error) => {
        throw told(run, error);
      });
    let seen = await look();
    while (seen !== undefined && !wanted(seen) && performance.now() < deadline) {
      await sleep(100);
      seen = await look();
    }
    return seen;
  });
  process.stdout.write(
    json
      ? `${JSON.stringify({ run, signal, state: progress?.state ?? null, children: progress?.children ?? {} })}\n`
      : `${describeSteered(run, progress)}\n`,
  );
}

/** The word has reached it; only the answer is not to be read. */
function told(run: string, error: RatchetError): RatchetError {
  return new RatchetError(error.type, `run ${run} was told, but ${error.message}`, error.fields, error);
}

function describeSteered(run: string, progress: RunProgress | undefined): string {
  if (progress === undefined)
    return `run ${run}: told; no worker polls ratchet, so it will hear of it when one does`;
  const children = Object.entries(progress.children).map(([id, { state }]) => `  ${state.padEnd(8)} ${id}`);
  return [`run ${run}: ${progress.state}`, ...children].join("\n");
}

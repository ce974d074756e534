/** How a run is, as far as the store and Temporal tell; which of them does not answer is told in a sentence each. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import type { Endpoints } from "../services/endpoints.ts";
import { addressesOf } from "./addresses.ts";
import { isUnanswered } from "./patience.ts";
import { type RunFacts, readRun } from "./read-run.ts";
import { readWaiting } from "./read-waiting.ts";
import { withClient } from "./temporal-client.ts";
import { explainWaiting } from "./waiting.ts";

export interface Seen {
  readonly facts: RunFacts | undefined;
  /** What a run under way waits for at this moment, in one line; null where nothing, or where Temporal does not answer. */
  readonly waits: string | null;
  readonly outages: readonly string[];
}

/** The newest run where none is named. Throws InvalidInput for one that the store does not know. */
export async function seeRun(config: Config, endpoints: Endpoints, name?: string): Promise<Seen> {
  const { facts, outage } = await factsOf(config, endpoints, name);
  if (outage === undefined && facts?.state !== "running") return { facts, waits: null, outages: [] };
  const seen = await asTemporalHasIt(endpoints, facts, facts?.run ?? name);
  return { ...seen, outages: [...(outage === undefined ? [] : [outage]), ...seen.outages] };
}

async function factsOf(
  config: Config,
  endpoints: Endpoints,
  name: string | undefined,
): Promise<{ facts: RunFacts | undefined; outage?: string }> {
  try {
    return { facts: await readRun(config, endpoints, name) };
  } catch (error) {
    if (!(error instanceof RatchetError && error.type === "DatabaseUnavailable")) throw error;
    return { facts: undefined, outage: error.message };
  }
}

/** The store knows how a run ended that ended by itself; one that was terminated, or timed out, could not write that down. */
async function asTemporalHasIt(
  endpoints: Endpoints,
  facts: RunFacts | undefined,
  run: string | undefined,
): Promise<Seen> {
  try {
    const waiting = await withClient(endpoints, async (client) => run && (await readWaiting(client, run)));
    if (run === undefined) return { facts, waits: null, outages: [] };
    if (waiting) return { facts, waits: explainWaiting(run, waiting), outages: [] };
    // How it ended, the store would tell.
    const next = facts === undefined ? "" : `; go on with: npx ratchet resume ${run}`;
    const waits = `no workflow of it is open${next}`;
    return { facts: facts && { ...facts, state: "failed" }, waits, outages: [] };
  } catch (error) {
    return { facts, waits: null, outages: [outageOf(endpoints, error)] };
  }
}

function outageOf(endpoints: Endpoints, error: unknown): string {
  const { temporal, namespace } = addressesOf(endpoints);
  const at = `Temporal at ${temporal}, namespace ${namespace},`;
  const { message, cause } = error as Error;
  const reason = (cause instanceof Error ? cause.message : message).split("\n")[0];
  if (!isUnanswered(error)) return `${at} does not tell what the run waits for: ${reason}`;
  const next =
    endpoints.temporalUiUrl === undefined
      ? "start it or correct TEMPORAL_ADDRESS"
      : "its supervisor starts it again";
  return `${at} does not answer (${reason}); ${next}`;
}

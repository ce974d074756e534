/** How a run is, as far as the store and Temporal tell; which of them does not answer is told in a sentence each. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import type { Endpoints } from "../services/endpoints.ts";
import { addressesOf } from "./addresses.ts";
import { type Ended, howItEnded } from "./how-it-ended.ts";
import { isUnanswered } from "./patience.ts";
import { type RunFacts, readRun } from "./read-run.ts";
import { readWaiting } from "./read-waiting.ts";
import { withClient } from "./temporal-client.ts";
import { explainWaiting, type Waiting } from "./waiting.ts";

export interface Seen {
  readonly facts: RunFacts | undefined;
  /** A workflow of it is under way, though the store may not know the run, or say that it has ended. */
  readonly isOpen: boolean;
  /**
   * What a run under way waits for at this moment, or how one ended that did not come to its end, in one line; null where
   * nothing, or where Temporal does not answer.
   */
  readonly waits: string | null;
  readonly outages: readonly string[];
}

/** The newest run where none is named. Throws InvalidInput for one that neither the store nor Temporal knows. */
export async function seeRun(config: Config, endpoints: Endpoints, name?: string): Promise<Seen> {
  const { facts, outage, unknown } = await factsOf(config, endpoints, name);
  const run = facts?.run ?? name;
  if (run === undefined && outage === undefined) return { facts, isOpen: false, waits: null, outages: [] };
  const again = async () => (await factsOf(config, endpoints, run)).facts;
  const seen = await asTemporalHasIt(endpoints, facts, run, again);
  if (unknown !== undefined && !seen.isOpen && seen.facts === undefined) throw unknown;
  return { ...seen, outages: [...(outage === undefined ? [] : [outage]), ...seen.outages] };
}

interface Known {
  readonly facts: RunFacts | undefined;
  readonly outage?: string;
  /** What is thrown of a run that is nowhere. */
  readonly unknown?: RatchetError;
}

async function factsOf(config: Config, endpoints: Endpoints, name: string | undefined): Promise<Known> {
  try {
    return { facts: await readRun(config, endpoints, name) };
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    if (error.type === "DatabaseUnavailable") return { facts: undefined, outage: error.message };
    // Its first activity, which makes it known, may be what it waits for.
    if (error.type === "InvalidInput" && name !== undefined) return { facts: undefined, unknown: error };
    throw error;
  }
}

type Again = () => Promise<RunFacts | undefined>;

async function asTemporalHasIt(
  endpoints: Endpoints,
  facts: RunFacts | undefined,
  run: string | undefined,
  again: Again,
): Promise<Seen> {
  const nothing = { facts, isOpen: false, waits: null, outages: [] };
  let told: Waiting | Ended | undefined;
  try {
    told = await withClient(endpoints, async (client) => {
      // That Temporal answers is worth knowing even so.
      if (run === undefined) return undefined;
      const waiting = await readWaiting(client, run);
      return waiting ?? (isToBeExplained(facts) ? await howItEnded(client, run) : undefined);
    });
  } catch (error) {
    return { ...nothing, outages: [outageOf(endpoints, error)] };
  }
  return run === undefined || told === undefined ? nothing : weigh(run, facts, told, again);
}

/**
 * The store knows how a run ended that ended by itself; one that was terminated, or timed out, could not write that down,
 * and one that was begun again has not yet. One that ended well may have done so since the store was read: `again` reads it.
 */
export async function weigh(
  run: string,
  facts: RunFacts | undefined,
  told: Waiting | Ended,
  again: Again,
): Promise<Seen> {
  const isClosed = "how" in told && told.how !== "not";
  if (!isClosed)
    return {
      facts: facts && { ...facts, state: "running" },
      isOpen: true,
      waits: "how" in told ? null : explainWaiting(run, told),
      outages: [],
    };
  const nothing = { isOpen: false, waits: null, outages: [] };
  const newest = told.how === "well" ? await again() : facts;
  if (!isToBeExplained(newest)) return { ...nothing, facts: newest };
  const because = told.how === "badly" ? told.because : "no workflow of it is open";
  const next = newest === undefined ? "" : `; go on with: npx ratchet resume ${run}`;
  return { ...nothing, facts: newest && asFailed(newest), waits: `${because}${next}` };
}

const isToBeExplained = (facts: RunFacts | undefined) =>
  facts === undefined || facts.state === "running" || facts.state === "failed";

const asFailed = (facts: RunFacts): RunFacts => ({
  ...facts,
  state: "failed",
  stages: facts.stages.map((stage) => (stage.state === "running" ? { ...stage, state: "failed" } : stage)),
});

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

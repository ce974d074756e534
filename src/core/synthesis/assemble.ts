/**
 * The barrier: batches become one set. Deduplication and acceptance go by candidate order, so the set is the same
 * whichever batch was finished first. Batches are taken one after the other, and of what is accepted only its traits are
 * kept, from which a later assembler goes on.
 */
import {
  type Environment,
  type EnvironmentSet,
  type GateVerdict,
  type ScenarioType,
  scenarioTypes,
} from "../environment/environment.ts";
import { type Benchmark, createContaminationFinder } from "../gates/contamination.ts";
import { createDuplicateFinder, type Traits, traitsOf } from "../gates/near-duplicates.ts";
import type { ProvenBatch } from "../gates/prove.ts";
import { clearOf, setVerdict } from "../gates/set-gates.ts";
import { profileFault } from "./profile.ts";

type Quarantined = EnvironmentSet["quarantined"][number];

/** What became of one batch, in candidate order. */
export interface Taken {
  readonly accepted: readonly Environment[];
  /** Of the accepted ones, in the same order. */
  readonly traits: readonly Traits[];
  /** How many of the accepted ones were repaired. */
  readonly repaired: number;
  readonly quarantined: readonly Quarantined[];
}

export interface Assembler {
  /** Batches come in candidate order. */
  take(batch: Pick<ProvenBatch, "accepted" | "quarantined">): Taken;
  /** Environments of each type still wanted; all 0 where the set is complete. */
  readonly missing: Readonly<Record<ScenarioType, number>>;
}

export interface Assembly {
  /** Environments of each scenario type that are still to be accepted. */
  readonly missing: Readonly<Partial<Record<ScenarioType, number>>>;
  /** Of what was accepted before. */
  readonly known: readonly Traits[];
  readonly benchmarks: readonly Benchmark[];
}

/** Accepts the first environments of each scenario type that repeat none before them and none of a benchmark. */
export function createAssembler({ missing: wanted, known, benchmarks }: Assembly): Assembler {
  const missing = Object.fromEntries(scenarioTypes.map((type) => [type, wanted[type] ?? 0])) as Record<
    ScenarioType,
    number
  >;
  const duplicates = createDuplicateFinder();
  for (const traits of known) duplicates.add(traits);
  const contamination = createContaminationFinder(benchmarks);
  /** None tells how many were looked at before: a set is the same in whatever rounds it was made. */
  const verdictsOf = (environment: Environment, traits: Traits): GateVerdict[] => {
    const profile = setVerdict("profile", profileFault(environment), `keeps to '${environment.profile}'`);
    if (profile.verdict === "fail") return [profile];
    const repetition = duplicates.find(traits)?.reason;
    const repeats = setVerdict("near-duplicates", repetition, "nothing before it in its set asks the same");
    if (repeats.verdict === "fail" || benchmarks.length === 0) return [profile, repeats];
    const fault = contamination.find(environment);
    return [profile, repeats, setVerdict("contamination", fault, clearOf(benchmarks))];
  };
  return {
    missing,
    take(batch) {
      const accepted: Environment[] = [];
      const kept: Traits[] = [];
      let repaired = 0;
      const refused: ProvenBatch["quarantined"][number][] = [...batch.quarantined];
      for (const { index, environment, isRepaired } of inOrder(batch.accepted)) {
        if (missing[environment.scenario] === 0) continue;
        const traits = traitsOf(environment);
        const verdicts = verdictsOf(environment, traits);
        const refusal = verdicts.find(({ verdict }) => verdict === "fail");
        if (refusal) {
          const { gate, evidence: reason } = refusal;
          refused.push({ index, question: environment.question, gate, reason });
          continue;
        }
        duplicates.add(traits);
        missing[environment.scenario]--;
        accepted.push({ ...environment, gates: [...environment.gates, ...verdicts] });
        kept.push(traits);
        if (isRepaired) repaired++;
      }
      const quarantined = inOrder(refused).map(({ question, gate, reason }) => ({ question, gate, reason }));
      return { accepted, traits: kept, repaired, quarantined };
    },
  };
}

const inOrder = <T extends { readonly index: number }>(members: readonly T[]): T[] =>
  [...members].sort((a, b) => a.index - b.index);

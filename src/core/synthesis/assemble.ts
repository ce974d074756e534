/**
 * The barrier: batches become one set. Deduplication and acceptance go by candidate order, so the set is the same
 * whichever batch was finished first.
 */
import {
  type Environment,
  type EnvironmentSet,
  type ScenarioType,
  scenarioTypes,
} from "../environment/environment.ts";
import { type Benchmark, createContaminationFinder } from "../gates/contamination.ts";
import { createDuplicateFinder } from "../gates/near-duplicates.ts";
import type { ProvenBatch } from "../gates/prove.ts";

export interface Assembled {
  readonly set: EnvironmentSet;
  /** Environments of each type still wanted; all 0 where the set is complete. */
  readonly missing: Readonly<Record<ScenarioType, number>>;
}

/** Takes the first `wanted` environments of each scenario type that repeat none before them and none of a benchmark. */
export function assemble(
  name: string,
  batches: readonly ProvenBatch[],
  wanted: Readonly<Partial<Record<ScenarioType, number>>>,
  benchmarks: readonly Benchmark[] = [],
): Assembled {
  const missing = Object.fromEntries(scenarioTypes.map((type) => [type, wanted[type] ?? 0])) as Record<
    ScenarioType,
    number
  >;
  const duplicates = createDuplicateFinder();
  const contamination = createContaminationFinder(benchmarks);
  const refusalOf = (environment: Environment): { gate: string; reason: string } | undefined => {
    const repetition = duplicates.find(environment);
    if (repetition) return { gate: "near-duplicates", reason: repetition.reason };
    const reason = contamination.find(environment);
    return reason === undefined ? undefined : { gate: "contamination", reason };
  };
  const environments: Environment[] = [];
  const repeated: { index: number; question: string; gate: string; reason: string }[] = [];
  for (const { index, environment } of inOrder(batches.flatMap(({ accepted }) => accepted))) {
    if (missing[environment.scenario] === 0) continue;
    const refusal = refusalOf(environment);
    if (refusal) {
      repeated.push({ index, question: environment.question, ...refusal });
      continue;
    }
    duplicates.add(environment);
    missing[environment.scenario]--;
    environments.push(environment);
  }
  const quarantined = inOrder([...batches.flatMap((batch) => batch.quarantined), ...repeated]);
  return {
    set: {
      format: "ratchet.environment-set.v1",
      name,
      environments,
      tables: tablesOf(environments, batches),
      quarantined: quarantined.map(({ question, gate, reason }) => ({ question, gate, reason })),
    },
    missing,
  };
}

const inOrder = <T extends { readonly index: number }>(members: readonly T[]): T[] =>
  [...members].sort((a, b) => a.index - b.index);

function tablesOf(
  environments: readonly Environment[],
  batches: readonly ProvenBatch[],
): EnvironmentSet["tables"] {
  const hashes = new Set(environments.flatMap(({ tools }) => tools.flatMap(({ table }) => table ?? [])));
  return Object.fromEntries(
    [...hashes]
      .sort()
      .map((hash) => [hash, batches.find(({ tables }) => tables[hash] !== undefined)!.tables[hash]!]),
  );
}

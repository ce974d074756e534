/**
 * The barrier: batches become one set. Deduplication and acceptance go by candidate order, so the set is the same
 * whichever batch was finished first. Batches are taken one after the other and not kept.
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
import type { Json } from "../json.ts";

export interface Assembled {
  readonly set: EnvironmentSet;
  /** Environments of each type still wanted; all 0 where the set is complete. */
  readonly missing: Readonly<Record<ScenarioType, number>>;
}

export interface Assembler {
  /** The batch's environments that are accepted. Batches come in candidate order. */
  take(batch: ProvenBatch): Environment[];
  readonly missing: Readonly<Record<ScenarioType, number>>;
  /** Tables of the accepted environments, by hash in order. */
  tables(): EnvironmentSet["tables"];
  /** In candidate order. */
  readonly quarantined: readonly EnvironmentSet["quarantined"][number][];
}

/**
 * Accepts the first `wanted` environments of each scenario type that repeat none before them and none of a benchmark.
 * It keeps no batch.
 */
export function createAssembler(
  wanted: Readonly<Partial<Record<ScenarioType, number>>>,
  benchmarks: readonly Benchmark[] = [],
): Assembler {
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
  const tables: Record<string, Json> = {};
  const quarantined: EnvironmentSet["quarantined"][number][] = [];
  return {
    missing,
    quarantined,
    tables: () => Object.fromEntries(Object.entries(tables).sort(([a], [b]) => (a < b ? -1 : 1))),
    take(batch) {
      const accepted: Environment[] = [];
      const refused: ProvenBatch["quarantined"][number][] = [...batch.quarantined];
      for (const { index, environment } of inOrder(batch.accepted)) {
        if (missing[environment.scenario] === 0) continue;
        const refusal = refusalOf(environment);
        if (refusal) {
          refused.push({ index, question: environment.question, ...refusal });
          continue;
        }
        duplicates.add(environment);
        missing[environment.scenario]--;
        accepted.push(environment);
        for (const { table } of environment.tools) if (table) tables[table] ??= batch.tables[table]!;
      }
      quarantined.push(...inOrder(refused).map(({ question, gate, reason }) => ({ question, gate, reason })));
      return accepted;
    },
  };
}

/** A whole set at once, of batches that fit into memory. */
export function assemble(
  name: string,
  batches: readonly ProvenBatch[],
  wanted: Readonly<Partial<Record<ScenarioType, number>>>,
  benchmarks: readonly Benchmark[] = [],
): Assembled {
  const assembler = createAssembler(wanted, benchmarks);
  const environments = [...batches]
    .sort((a, b) => firstIndex(a) - firstIndex(b))
    .flatMap((batch) => assembler.take(batch));
  return {
    set: {
      format: "ratchet.environment-set.v1",
      name,
      environments,
      tables: assembler.tables(),
      quarantined: [...assembler.quarantined],
    },
    missing: assembler.missing,
  };
}

const firstIndex = ({ accepted, quarantined }: ProvenBatch): number =>
  Math.min(...accepted.map(({ index }) => index), ...quarantined.map(({ index }) => index));

const inOrder = <T extends { readonly index: number }>(members: readonly T[]): T[] =>
  [...members].sort((a, b) => a.index - b.index);

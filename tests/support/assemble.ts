/** For tests: a whole set of a few batches, in memory, as a build's rounds make it of stored ones. */
import { type EnvironmentSet, type ScenarioType, tablesOf } from "../../src/core/environment/environment.ts";
import type { Benchmark } from "../../src/core/gates/contamination.ts";
import type { ProvenBatch } from "../../src/core/gates/prove.ts";
import { createAssembler } from "../../src/core/synthesis/assemble.ts";

export function assemble(
  name: string,
  batches: readonly ProvenBatch[],
  wanted: Readonly<Partial<Record<ScenarioType, number>>>,
  benchmarks: readonly Benchmark[] = [],
) {
  const assembler = createAssembler({ missing: wanted, known: [], benchmarks });
  const taken = batches.map((batch) => assembler.take(batch));
  const environments = taken.flatMap(({ accepted }) => accepted);
  const tables = Object.assign({}, ...batches.map((batch) => batch.tables)) as EnvironmentSet["tables"];
  const set: EnvironmentSet = {
    format: "ratchet.environment-set.v1",
    name,
    environments,
    tables: Object.fromEntries(tablesOf(environments).map((hash) => [hash, tables[hash]!])),
    quarantined: taken.flatMap(({ quarantined }) => quarantined),
  };
  return { set, missing: assembler.missing };
}

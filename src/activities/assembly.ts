/**
 * What a set of environments is while it is being built: parts that are stored already, and of each environment the traits
 * by which a later one is compared with it. A round reads its own batches and these, and no environment again.
 */
import { type Environment, type EnvironmentSet, tablesOf } from "../core/environment/environment.ts";
import {
  environmentsPerPart,
  loadSet,
  storeIndex,
  storeParts,
  storeQuarantined,
} from "../core/environment/stored-set.ts";
import type { Benchmark } from "../core/gates/contamination.ts";
import type { Traits } from "../core/gates/near-duplicates.ts";
import type { ProvenBatch } from "../core/gates/prove.ts";
import { shortHash } from "../core/hash.ts";
import type { ArtifactRef, ArtifactStore } from "../core/ports/artifacts.ts";
import { createAssembler } from "../core/synthesis/assemble.ts";
import type { ScenarioCounts } from "../core/synthesis/batches.ts";

/** As stored: tables by reference, for most batches read the same ones. */
export type StoredBatch = Omit<ProvenBatch, "tables"> & { readonly tables: readonly ArtifactRef[] };

/** Kind "assembly". */
export interface StoredAssembly {
  readonly parts: readonly ArtifactRef[];
  /** Of all environments in the parts, in their order. */
  readonly traits: readonly ArtifactRef[];
  readonly tables: readonly ArtifactRef[];
  readonly quarantined: readonly ArtifactRef[];
  readonly counts: AssemblyCounts;
}

export interface AssemblyCounts {
  readonly accepted: number;
  readonly repaired: number;
  readonly quarantined: number;
}

export interface Grown {
  readonly assembly: StoredAssembly;
  readonly missing: ScenarioCounts;
  /** What the first candidate that was refused in this round was refused for. */
  readonly example: EnvironmentSet["quarantined"][number] | undefined;
}

export const emptyAssembly: StoredAssembly = {
  parts: [],
  traits: [],
  tables: [],
  quarantined: [],
  counts: { accepted: 0, repaired: 0, quarantined: 0 },
};

/** Takes a round's batches, in candidate order; one of them is in memory at a time. */
export async function growAssembly(
  artifacts: ArtifactStore,
  before: StoredAssembly,
  batches: readonly ArtifactRef[],
  wanted: { readonly missing: ScenarioCounts; readonly contamination: readonly string[] },
): Promise<Grown> {
  const known: Traits[] = [];
  for (const ref of before.traits) known.push(...((await artifacts.getJson(ref)) as Traits[]));
  const benchmarks: Benchmark[] = [];
  for (const hash of wanted.contamination) benchmarks.push(await readBenchmark(artifacts, hash));
  const assembler = createAssembler({ missing: wanted.missing, known, benchmarks });
  const parts: ArtifactRef[] = [];
  const traits: Traits[] = [];
  const quarantined: EnvironmentSet["quarantined"] = [];
  const tables = new Map(before.tables.map((ref) => [ref.hash, ref]));
  let waiting: Environment[] = [];
  let { accepted, repaired } = before.counts;
  for (const ref of batches) {
    const batch = (await artifacts.getJson(ref)) as StoredBatch;
    const taken = assembler.take(batch);
    const used = new Set(tablesOf(taken.accepted));
    for (const table of batch.tables) if (used.has(table.hash)) tables.set(table.hash, table);
    repaired += taken.repaired;
    accepted += taken.accepted.length;
    traits.push(...taken.traits);
    quarantined.push(...taken.quarantined);
    waiting.push(...taken.accepted);
    const whole = waiting.length - (waiting.length % environmentsPerPart);
    parts.push(...(await storeParts(artifacts, waiting.slice(0, whole))));
    waiting = waiting.slice(whole);
  }
  parts.push(...(await storeParts(artifacts, waiting)));
  const assembly: StoredAssembly = {
    parts: [...before.parts, ...parts],
    traits: [...before.traits, await artifacts.putJson("traits", traits)],
    tables: [...tables.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1)),
    quarantined: [...before.quarantined, ...(await storeQuarantined(artifacts, quarantined))],
    counts: { accepted, repaired, quarantined: before.counts.quarantined + quarantined.length },
  };
  return { assembly, missing: assembler.missing, example: quarantined[0] };
}

export const storeAssembled = (
  artifacts: ArtifactStore,
  name: string,
  { parts, tables, quarantined }: StoredAssembly,
): Promise<ArtifactRef> => storeIndex(artifacts, { name, parts, tables, quarantined });

async function readBenchmark(artifacts: ArtifactStore, hash: string): Promise<Benchmark> {
  const ref = await artifacts.find("environment-set", hash);
  const { name, environments } = await loadSet(artifacts, ref);
  return { name: `${name} (${shortHash(hash)})`, environments };
}

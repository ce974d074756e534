/** What the store knows of a run, in the words of `ratchet status`. */
import { originsOf } from "../activities/lineage-path.ts";
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import type { StageOrigin } from "../core/experiment/fork.ts";
import type {
  ChangeRecord,
  LineageRecord,
  NumericsChange,
  PolicyPin,
  RunRecord,
  RunState,
  StageRecord,
  TripRecord,
} from "../core/ports/runs.ts";
import type { Endpoints } from "../services/endpoints.ts";
import { openStore, type Store } from "../store/store.ts";
import { newestUpdate } from "./newest-update.ts";

export interface RunFacts {
  readonly run: string;
  readonly state: RunState;
  /** Of the last training, in the input's order, that has made or taken over an update; null before the first. */
  readonly stage: string | null;
  readonly iteration: number | null;
  /** Content hash, as `ratchet export` and a train input's `policy` take it. */
  readonly checkpoint: string | null;
  readonly weightsSha256: string | null;
  readonly optimizerSha256: string | null;
  /** Trainings that go on after an iteration of another, or of an earlier branch, and what they do otherwise. */
  readonly origins: readonly StageOrigin[];
  /** Each branch of each training's lineage in this run, also of earlier inputs: its newest update. */
  readonly branches: readonly BranchFacts[];
  /** Which commits the branches of the Hub were that the run names as policies. */
  readonly policies: readonly Pick<PolicyPin, "source" | "pinned">[];
  /** What a person changed while a policy trained, and from which iteration on. */
  readonly changes: readonly Pick<ChangeRecord, "stage" | "iteration" | "changes">[];
  /** Iterations that tripwires kept from being committed. */
  readonly trips: readonly TripRecord[];
  /** Where a person let the run go on with other numerics. */
  readonly numericsChanges: readonly NumericsChange[];
  readonly stages: readonly Pick<StageRecord, "stage" | "type" | "state" | "progress">[];
}

interface BranchFacts {
  readonly stage: string;
  readonly branch: number;
  readonly iteration: number;
  readonly weightsSha256: string;
}

/** The newest run where none is named; undefined where there is none yet. Throws InvalidInput for an unknown one. */
export function readRun(config: Config, endpoints: Endpoints, name?: string): Promise<RunFacts | undefined> {
  return withStore(config, endpoints, async (store) => {
    const record = name === undefined ? await store.runs.newestRun() : await knownRun(store, name);
    if (record === undefined) return undefined;
    const stages = (await store.runs.getStages(record.run)).filter(({ state }) => state !== "outdated");
    const branches: LineageRecord[] = [];
    const origins: StageOrigin[] = [];
    for (const { stage, type } of stages) {
      if (type !== "train") continue;
      branches.push(...(await newestUpdates(store, record.run, stage)));
      origins.push(...(await originsOf(store.runs, record, stage)));
    }
    const newest = await newestUpdate(store.runs, record, stages);
    return {
      run: record.run,
      state: record.state,
      stage: newest?.stage ?? null,
      iteration: newest?.iteration ?? null,
      checkpoint: newest?.checkpoint.hash ?? null,
      weightsSha256: newest?.weightsSha256 ?? null,
      optimizerSha256: newest?.optimizerSha256 ?? null,
      origins,
      branches: branches.map(({ stage, branch, iteration, weightsSha256 }) => ({
        stage,
        branch,
        iteration,
        weightsSha256,
      })),
      policies: (await store.runs.pinsOf(record.run)).map(({ source, pinned }) => ({ source, pinned })),
      changes: (await store.runs.changesOf(record.run)).map(({ stage, iteration, changes }) => ({
        stage,
        iteration,
        changes,
      })),
      trips: await store.runs.tripsOf(record.run),
      numericsChanges: await store.runs.numericsChangesOf(record.run),
      stages: stages.map(({ stage, type, state, progress }) => ({
        stage,
        type,
        state,
        ...(progress === undefined ? {} : { progress }),
      })),
    };
  });
}

/** Of each of the stage's branches, the last one opened last. */
async function newestUpdates(store: Store, run: string, stage: string): Promise<LineageRecord[]> {
  const newest: LineageRecord[] = [];
  for (let branch = 0; ; branch++) {
    const next = (await store.runs.lineageOf(run, stage, branch)).at(-1);
    if (next === undefined) return newest;
    newest.push(next);
  }
}

/** What the run was started as, and with. Throws InvalidInput for an unknown run. */
export function readStoredRun(config: Config, endpoints: Endpoints, name: string): Promise<RunRecord> {
  return withStore(config, endpoints, (store) => knownRun(store, name));
}

export async function knownRun(store: Store, name: string): Promise<RunRecord> {
  const record = await store.runs.getRun(name);
  if (record !== undefined) return record;
  const newest = (await store.runs.newestRun())?.run;
  throw new RatchetError(
    "InvalidInput",
    `RUN '${name}' is unknown; ${newest === undefined ? "nothing has run yet" : `the newest run is '${newest}'`}`,
    { field: "RUN", value: name },
  );
}

export async function withStore<T>(
  config: Config,
  endpoints: Endpoints,
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const { databaseUrl } = endpoints;
  const store = await openStore({ databaseUrl, artifactFolder: config.artifactFolder });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

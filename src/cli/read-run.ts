/** What the store knows of a run, in the words of `ratchet status`. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import type { LineageRecord, RunState, StageRecord, StoredRun } from "../core/ports/runs.ts";
import type { Endpoints } from "../services/endpoints.ts";
import { openStore, type Store } from "../store/store.ts";

export interface RunFacts {
  readonly run: string;
  readonly state: RunState;
  /** Of the newest policy update; null before the first. */
  readonly stage: string | null;
  readonly iteration: number | null;
  /** Content hash, as `ratchet export` and a train input's `policy` take it. */
  readonly checkpoint: string | null;
  readonly weightsSha256: string | null;
  readonly optimizerSha256: string | null;
  readonly stages: readonly Pick<StageRecord, "stage" | "type" | "state" | "progress">[];
}

/** The newest run where none is named; undefined where there is none yet. Throws InvalidInput for an unknown one. */
export function readRun(config: Config, endpoints: Endpoints, name?: string): Promise<RunFacts | undefined> {
  return withStore(config, endpoints, async (store) => {
    const record = name === undefined ? await store.runs.newestRun() : await knownRun(store, name);
    if (record === undefined) return undefined;
    const stages = await store.runs.getStages(record.run);
    let newest: LineageRecord | undefined;
    for (const { stage, type } of stages)
      if (type === "train") newest = (await newestUpdate(store, record.run, stage)) ?? newest;
    return {
      run: record.run,
      state: record.state,
      stage: newest?.stage ?? null,
      iteration: newest?.iteration ?? null,
      checkpoint: newest?.checkpoint.hash ?? null,
      weightsSha256: newest?.weightsSha256 ?? null,
      optimizerSha256: newest?.optimizerSha256 ?? null,
      stages: stages.map(({ stage, type, state, progress }) => ({
        stage,
        type,
        state,
        ...(progress === undefined ? {} : { progress }),
      })),
    };
  });
}

/** Of the stage's last branch: a reset with other hyper-parameters opens a new one. */
async function newestUpdate(store: Store, run: string, stage: string): Promise<LineageRecord | undefined> {
  for (let branch = 0, newest: LineageRecord | undefined; ; branch++) {
    const next = (await store.runs.lineageOf(run, stage, branch)).at(-1);
    if (next === undefined) return newest;
    newest = next;
  }
}

/** What the run was started as, and with. Throws InvalidInput for an unknown run. */
export function readStoredRun(config: Config, endpoints: Endpoints, name: string): Promise<StoredRun> {
  return withStore(config, endpoints, (store) => knownRun(store, name));
}

async function knownRun(store: Store, name: string): Promise<StoredRun> {
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

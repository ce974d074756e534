/**
 * The environments of the artifact store, by content hash, a unique prefix of one, or the name of a build. Hashes are
 * found on disk, with or without running services; names are in the database.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import { buildNamePattern, importStage, namedSets, setNamed } from "../../core/environment/build-name.ts";
import { type EnvironmentSet, environmentHash } from "../../core/environment/environment.ts";
import { loadSet, storeSet } from "../../core/environment/stored-set.ts";
import { RatchetError } from "../../core/errors.ts";
import type { Calibration } from "../../core/evaluation/calibration.ts";
import type { Case } from "../../core/gates/gate.ts";
import { shortHash } from "../../core/hash.ts";
import type { ArtifactRef, ArtifactStore } from "../../core/ports/artifacts.ts";
import type { StageRecord } from "../../core/ports/runs.ts";
import { runningEndpoints } from "../../services/endpoints.ts";
import { openArtifactFolder } from "../../store/artifacts.ts";
import { openStore, type Store } from "../../store/store.ts";
import { notice } from "../notice.ts";

export interface StoredSet {
  readonly ref: ArtifactRef;
  /** Builds that made it, as `run/stage`; none where nothing runs to ask. */
  readonly names: readonly string[];
  readonly set: EnvironmentSet;
}

export type Found =
  | ({ readonly kind: "set" } & StoredSet)
  | { readonly kind: "environment"; readonly hash: string; readonly subject: Case };

export interface Library {
  /** In the order of their hashes; one that cannot be read is told of and passed over. */
  sets(): AsyncGenerator<StoredSet>;
  /** What policies made of the set, in the order of the calibrations' hashes. */
  calibrations(set: string): Promise<Calibration[]>;
  /** Throws InvalidInput where nothing or more than one thing has the id. */
  find(id: string): Promise<Found>;
  /**
   * Stores a set; `name` becomes `name/import` where a database runs, and is not kept otherwise. Throws InvalidInput
   * where a run has that name.
   */
  add(set: EnvironmentSet, name: string): Promise<{ readonly ref: ArtifactRef; readonly named: boolean }>;
  close(): Promise<void>;
}

/** Shorter prefixes say too little, and might be names. */
const shortestPrefix = 4;

export async function openLibrary(config: Config): Promise<Library> {
  const store = await openRunning(config);
  // Opening makes folders, which looking into an empty home must not; and only checkpoints are ever collected, so what
  // is written without a database needs no lease.
  let opened: Promise<ArtifactStore> | undefined;
  const artifacts = () => {
    opened ??= store
      ? Promise.resolve(store.artifacts)
      : openArtifactFolder(config.artifactFolder, async () => {});
    return opened;
  };
  const builds = (await store?.runs.getBuilds()) ?? [];
  return {
    sets: () => storedSets(config, artifacts, builds),
    calibrations: async (set) => {
      const all = await Promise.all(
        (await hashesOf(config.artifactFolder, "calibration")).map(async (hash) => {
          const stored = await artifacts();
          return (await stored.getJson(await stored.find("calibration", hash))) as Calibration;
        }),
      );
      return all.filter((one) => one.set === set);
    },
    find: (id) => find(id, config, artifacts, builds),
    add: async (set, name) => {
      if (await store?.runs.getRun(name)) throw nameTaken(name);
      const ref = await storeSet(await artifacts(), set);
      await store?.runs.putStage({
        run: name,
        stage: importStage,
        type: "build",
        inputHash: "",
        state: "done",
        result: { set: { ...ref } },
      });
      return { ref, named: store !== undefined };
    },
    close: async () => store?.close(),
  };
}

const downTypes: ReadonlySet<string> = new Set(["ServiceUnavailable", "DatabaseUnavailable"]);

/** Undefined where no database runs. */
async function openRunning(config: Config): Promise<Store | undefined> {
  const { artifactFolder } = config;
  try {
    const databaseUrl = config.databaseUrl ?? runningEndpoints(config).databaseUrl;
    return await openStore({ databaseUrl, artifactFolder });
  } catch (error) {
    const isDown = error instanceof RatchetError && downTypes.has(error.type);
    if (isDown) return undefined;
    throw error;
  }
}

async function* storedSets(
  config: Config,
  artifacts: () => Promise<ArtifactStore>,
  builds: readonly StageRecord[],
): AsyncGenerator<StoredSet> {
  for (const hash of await hashesOf(config.artifactFolder, "environment-set")) {
    try {
      yield await storedSet(hash, artifacts, builds);
    } catch (error) {
      const isLost = error instanceof RatchetError && lostTypes.has(error.type);
      if (!isLost) throw error;
      notice(`set ${shortHash(hash)} is passed over: ${error.message}`);
    }
  }
}

const lostTypes: ReadonlySet<string> = new Set(["ArtifactMissing", "ArtifactCorrupt"]);

async function storedSet(
  hash: string,
  artifacts: () => Promise<ArtifactStore>,
  builds: readonly StageRecord[],
): Promise<StoredSet> {
  const store = await artifacts();
  const ref = await store.find("environment-set", hash);
  const named = namedSets(builds).filter(({ set }) => set.hash === hash);
  return { ref, names: named.map(({ name }) => name), set: await loadSet(store, ref) };
}

async function hashesOf(artifactFolder: string, kind: string): Promise<string[]> {
  const entries = await readdir(join(artifactFolder, kind), { recursive: true }).catch(() => []);
  return entries.flatMap((path) => /(?:^|[\\/])([0-9a-f]{64})$/.exec(path)?.[1] ?? []).sort();
}

async function find(
  id: string,
  config: Config,
  artifacts: () => Promise<ArtifactStore>,
  builds: readonly StageRecord[],
): Promise<Found> {
  const isPrefix = /^[0-9a-f]{1,64}$/.test(id) && id.length >= shortestPrefix;
  const found: Found[] = [];
  const ofRun = builds.filter(({ run }) => run === id.split("/")[0]);
  if (ofRun.length > 0 && buildNamePattern.test(id)) {
    const { hash } = setNamed(id, ofRun, "ID");
    return { kind: "set", ...(await storedSet(hash, artifacts, builds)) };
  }
  // A whole hash means one set, whatever has become of the others.
  if ((await hashesOf(config.artifactFolder, "environment-set")).includes(id))
    return { kind: "set", ...(await storedSet(id, artifacts, builds)) };
  for await (const one of storedSets(config, artifacts, builds)) {
    const isMeant = one.set.name === id || (isPrefix && one.ref.hash.startsWith(id));
    if (isMeant) found.push({ kind: "set", ...one });
    for (const environment of isPrefix ? one.set.environments : []) {
      const hash = environmentHash(environment);
      const isNew = !found.some((other) => other.kind === "environment" && other.hash === hash);
      if (hash.startsWith(id) && isNew)
        found.push({ kind: "environment", hash, subject: { environment, tables: one.set.tables } });
    }
  }
  const [only, ...more] = found;
  if (only && more.length === 0) return only;
  throw notOne(id, found, config.home);
}

function nameTaken(name: string): RatchetError {
  return new RatchetError(
    "InvalidInput",
    `--name '${name}' is the name of a run, whose stages it would stand among; give another with --name`,
    { field: "--name", value: name },
  );
}

function notOne(id: string, found: readonly Found[], home: string): RatchetError {
  const hashes = found.map(
    (one) => `${one.kind} ${(one.kind === "set" ? one.ref.hash : one.hash).slice(0, 16)}`,
  );
  const why =
    found.length > 1
      ? `means ${found.length} things: ${hashes.slice(0, 4).join(", ")}${found.length > 4 ? ", ..." : ""}; give more of the hash`
      : `is no environment or set of ${home}; give a hash, at least ${shortestPrefix} digits of one, or a build's name while services run (npx ratchet up); of a file: npx ratchet env verify FILE`;
  return new RatchetError("InvalidInput", `ID '${id}' ${why}\nnpx ratchet env list shows what is stored`, {
    field: "ID",
    value: id,
  });
}

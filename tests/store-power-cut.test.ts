/**
 * The power goes after each operation of storing artifacts, on a disk that then forgets what was not synced: what was
 * stored before is whole, what was being stored is there whole or not at all, and storing it again succeeds for good.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seedOf, sha256 } from "../src/core/hash.ts";
import type { ArtifactRef, ArtifactStore, FileDigest } from "../src/core/ports/artifacts.ts";
import { seededRandom } from "../src/core/random.ts";
import { openArtifactFolder } from "../src/store/artifacts.ts";
import { diskFileSystem, type FileSystem } from "../src/store/file-system.ts";
import { sweepStaging } from "../src/store/staging.ts";
import { forgetfulDisk, PowerCut } from "./support/forgetful-disk.ts";

/** Thousands of small files: in memory where the system has such a folder. */
const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(memory, "ratchet-power-"));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

/** What follows storing: the ledger commits its reference in Postgres, which syncs for itself. */
type Committed = (ref: ArtifactRef) => void;
type Work = (store: ArtifactStore, fs: FileSystem, committed: Committed) => Promise<void>;

async function adopt(
  store: ArtifactStore,
  fs: FileSystem,
  files: Record<string, string>,
  known?: ReadonlyMap<string, FileDigest>,
) {
  const folder = await store.stagingFolder();
  for (const [name, content] of Object.entries(files)) {
    const file = await fs.open(join(folder, name), "wx");
    await file.writeFile(content).finally(() => file.close());
  }
  return store.adoptFolder("checkpoint", folder, { parent: null }, known);
}

const works: Readonly<Record<string, Work>> = {
  "two JSON artifacts": async (store, _, committed) => {
    committed(await store.putJson("batch", { rows: [1, 2, 3] }));
    committed(await store.putJson("batch", { rows: "another".repeat(100) }));
  },
  "a checkpoint and its successor": async (store, fs, committed) => {
    committed(await adopt(store, fs, { "model.safetensors": "old".repeat(200), "config.json": "{}" }));
    committed(await adopt(store, fs, { "model.safetensors": "new".repeat(200), "config.json": "{}" }));
  },
  "a checkpoint whose writer says what it wrote": async (store, fs, committed) => {
    const content = "hashed before".repeat(200);
    const known = new Map([["model.safetensors", { sha256: sha256(content), bytes: content.length }]]);
    committed(await adopt(store, fs, { "model.safetensors": content }, known));
  },
  "the same checkpoint twice": async (store, fs, committed) => {
    committed(await adopt(store, fs, { "model.safetensors": "same".repeat(200) }));
    committed(await adopt(store, fs, { "model.safetensors": "same".repeat(200) }));
  },
};

const diceRolls = 8;
let folders = 0;
const newFolder = () => mkdtempSync(join(scratch, `${folders++}-`));
const artifactFolder = (disk: string) => join(disk, "home", "artifacts");
const openOn = (disk: string, fs: FileSystem = diskFileSystem) =>
  openArtifactFolder(artifactFolder(disk), async () => {}, fs);

/** Does the work until the power goes; what was committed by then. */
async function workUntilCut(work: Work, disk: string, limits: Parameters<typeof forgetfulDisk>[1]) {
  const forgetful = forgetfulDisk(disk, limits);
  const committed: ArtifactRef[] = [];
  try {
    await work(await openOn(disk, forgetful.fs), forgetful.fs, (ref) => committed.push(ref));
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
  }
  return { forgetful, committed };
}

/** Every artifact that a name leads to, and whether it is whole, as a process that starts now finds it. */
async function visible(disk: string): Promise<Map<string, boolean>> {
  const store = await openOn(disk);
  const found = new Map<string, boolean>();
  const root = artifactFolder(disk);
  for (const kind of readdirSync(root).filter((name) => name !== ".staging"))
    for (const shard of readdirSync(join(root, kind)))
      for (const hash of readdirSync(join(root, kind, shard)))
        found.set(
          hash,
          await store.pathOf({ kind, hash, bytes: 0 }).then(
            () => true,
            () => false,
          ),
        );
  return found;
}

/** What is wrong with a disk that was left behind, where `committed` was promised. */
async function faults(disk: string, committed: readonly ArtifactRef[]): Promise<string[]> {
  const found = await visible(disk);
  return [
    ...[...found].filter(([, isWhole]) => !isWhole).map(([hash]) => `${hash} is visible and damaged`),
    ...committed
      .filter(({ hash }) => !found.has(hash))
      .map(({ hash }) => `${hash} was committed and is gone`),
  ];
}

/** Crashes after `operations`, and once more right after the work was done again. */
async function crashOnce(
  work: Work,
  limits: { readonly operations: number; readonly ignoredSync?: number },
  roll: number,
): Promise<string[]> {
  const random = seededRandom(seedOf(roll, limits.operations));
  const first = newFolder();
  const { forgetful, committed } = await workUntilCut(work, first, limits);
  const second = newFolder();
  forgetful.leaveIn(second, random);
  const wrong = await faults(second, committed);

  const again = await workUntilCut(work, second, {});
  const third = newFolder();
  again.forgetful.leaveIn(third, random);
  wrong.push(...(await faults(third, again.committed)).map((fault) => `done again: ${fault}`));
  for (const disk of [first, second, third]) rmSync(disk, { recursive: true });
  return wrong;
}

/** The faults of the first crash that has any, the last operation first. */
async function faultsAtAnyOperation(work: Work, ignoredSync = -1): Promise<string[]> {
  const alone = await workUntilCut(work, newFolder(), {});
  for (let operations = alone.forgetful.operations(); operations >= 0; operations--)
    for (let roll = 0; roll < diceRolls; roll++) {
      const wrong = await crashOnce(work, { operations, ignoredSync }, roll);
      if (wrong.length > 0) return wrong.map((fault) => `cut after operation ${operations}: ${fault}`);
    }
  return [];
}

describe.each(Object.entries(works))("storing %s", (_, work) => {
  it("is done or not done, wherever the power goes, and lasts once it is done", async () => {
    expect(await faultsAtAnyOperation(work)).toEqual([]);
  });
});

describe("the proof can fail", () => {
  const work = works["a checkpoint and its successor"]!;

  it("any one sync that is left out is found", async () => {
    const { forgetful } = await workUntilCut(work, newFolder(), {});
    const unseen: number[] = [];
    for (let sync = 0; sync < forgetful.syncs(); sync++)
      if ((await faultsAtAnyOperation(work, sync)).length === 0) unseen.push(sync);
    expect(forgetful.syncs()).toBe(15);
    expect(unseen).toEqual([]);
  });
});

describe("what a cut leaves half-written", () => {
  it("is swept by the next process", async () => {
    const { forgetful } = await workUntilCut(works["a checkpoint and its successor"]!, newFolder(), {
      operations: 12,
    });
    const disk = newFolder();
    forgetful.leaveIn(disk, seededRandom(1));
    await openOn(disk);
    const staging = join(artifactFolder(disk), ".staging");
    await sweepStaging(staging);
    expect(readdirSync(staging)).toEqual([]);
  });
});

/**
 * The artifact store on a local folder: `<folder>/<kind>/<hash[:2]>/<hash>`, a file or a folder with a manifest. What is
 * visible under such a name is whole, on disk, and has that hash; half-written content stays in `.staging/`.
 */
import { dirname, join, resolve } from "node:path";
import { RatchetError } from "../core/errors.ts";
import { isHash, sha256 } from "../core/hash.ts";
import { canonicalJson } from "../core/json.ts";
import type { ArtifactRef, ArtifactStore } from "../core/ports/artifacts.ts";
import { storageFailure } from "../core/storage-failure.ts";
import { diskFileSystem, type FileSystem } from "./file-system.ts";
import { makeFolder, renameDurably, storageError, syncFolder, writeSynced } from "./files.ts";
import { corruptArtifact, isWhole, sealFolder, storedBytes, verifyArtifact } from "./manifest.ts";
import { openStaging, stagingPath } from "./staging.ts";

/** Announces that a hash is about to be used, before its content is renamed into place; see `garbage.ts`. */
export type HoldLease = (ref: ArtifactRef) => Promise<void>;

export async function openArtifactFolder(
  artifactFolder: string,
  hold: HoldLease,
  fs: FileSystem = diskFileSystem,
): Promise<ArtifactStore> {
  const root = resolve(artifactFolder);
  const staging = await openStaging(fs, root).catch((error) => {
    throw storageError(error, root);
  });
  const verified = new Map<string, Promise<void>>();
  const disk = folderAt(fs, root, staging);

  const putJson = async (kind: string, value: unknown): Promise<ArtifactRef> => {
    const content = canonicalJson(value);
    const ref = { kind, hash: sha256(content), bytes: Buffer.byteLength(content) };
    const target = artifactPath(root, ref);
    const temporary = await stagingPath(fs, staging);
    try {
      await writeSynced(fs, temporary, content);
      await disk.place(temporary, target);
    } catch (error) {
      await fs.rm(temporary, { force: true }).catch(() => {}); // the next sweep finds it
      throw storageError(error, target);
    }
    return ref;
  };

  const getJson = async (ref: ArtifactRef): Promise<unknown> => {
    const path = artifactPath(root, ref);
    const content = await fs.readFile(path).catch((error) => {
      throw missing(error, ref, path);
    });
    const actual = sha256(content);
    if (actual !== ref.hash) throw corruptArtifact(ref, path, `its sha256 is ${actual}`);
    return JSON.parse(content.toString("utf8"));
  };

  const stagingFolder = async (): Promise<string> => {
    const folder = await stagingPath(fs, staging);
    await fs.mkdir(folder).catch((error) => {
      throw storageError(error, folder);
    });
    return folder;
  };

  const adoptFolder: ArtifactStore["adoptFolder"] = async (kind, folder, facts, known = new Map()) => {
    const ref = await sealFolder(fs, kind, folder, facts, known).catch((error) => {
      throw storageError(error, folder);
    });
    const target = artifactPath(root, ref);
    await hold(ref);
    await moveIntoPlace(disk, folder, ref, target).catch((error) => {
      throw storageError(error, target);
    });
    verified.set(target, Promise.resolve());
    return ref;
  };

  const pathOf: ArtifactStore["pathOf"] = async (ref, files) => {
    const path = artifactPath(root, ref);
    const check = verified.get(path) ?? verifyArtifact(fs, ref, path, files);
    if (files === undefined) verified.set(path, check);
    try {
      await check;
      // Verified earlier, it may have been collected since.
      await fs.lstat(path);
    } catch (error) {
      verified.delete(path);
      throw missing(error, ref, path);
    }
    return path;
  };

  return {
    find: async (kind, hash) => {
      const named = { kind, hash, bytes: 0 };
      return { ...named, bytes: await storedBytes(fs, await pathOf(named)) };
    },
    putJson,
    getJson,
    stagingFolder,
    adoptFolder,
    pathOf,
    verifyAgain: async ({ kind, hash }) => {
      const named = { kind, hash, bytes: 0 };
      verified.delete(artifactPath(root, named));
      await pathOf(named);
    },
  };
}

/** Throws InvalidInput for a kind or hash that could name a path outside the store. */
export function artifactPath(root: string, ref: ArtifactRef): string {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(ref.kind))
    throw new RatchetError(
      "InvalidInput",
      `artifact kind ${JSON.stringify(ref.kind)} is not allowed; use up to 64 of a-z, 0-9 and "-"`,
      { field: "kind", value: ref.kind },
    );
  if (!isHash(ref.hash))
    throw new RatchetError(
      "InvalidInput",
      `artifact hash ${JSON.stringify(ref.hash)} is not a sha256; give 64 lower-case hexadecimal digits`,
      { field: "hash", value: ref.hash },
    );
  return join(root, ref.kind, ref.hash.slice(0, 2), ref.hash);
}

/** One open folder: where what is unfinished lies, and how it becomes visible. */
interface Folder {
  readonly fs: FileSystem;
  readonly staging: string;
  /** Renames to the artifact's path, whose name is then on disk. */
  place(from: string, target: string): Promise<void>;
}

function folderAt(fs: FileSystem, root: string, staging: string): Folder {
  const durable = new Set<string>();
  return {
    fs,
    staging,
    place: async (from, target) => {
      const above = [dirname(target), dirname(dirname(target))];
      await makeFolder(fs, dirname(target), above.find((folder) => durable.has(folder)) ?? root);
      for (const folder of above) durable.add(folder);
      await renameDurably(fs, from, target);
    },
  };
}

/** Another process may be adopting the same content: one rename wins and the other finds a whole artifact there. */
async function moveIntoPlace(
  { fs, staging, place }: Folder,
  folder: string,
  ref: ArtifactRef,
  target: string,
): Promise<void> {
  for (;;) {
    try {
      return await place(folder, target);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    }
    if (await isWhole(fs, ref, target)) {
      // Who put it there may not have come to this yet.
      await syncFolder(fs, dirname(target));
      return fs.rm(folder, { recursive: true, force: true });
    }
    // What lies there is damaged: set it aside, so that this good copy takes its place.
    const aside = await stagingPath(fs, staging);
    await fs.rename(target, aside).catch((error: NodeJS.ErrnoException) => {
      // Another process was faster.
      if (error.code !== "ENOENT") throw error;
    });
    await fs.rm(aside, { recursive: true, force: true });
  }
}

function missing(error: unknown, ref: ArtifactRef, path: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return storageFailure(error, `read ${path}`);
  return new RatchetError(
    "ArtifactMissing",
    `${ref.kind} ${ref.hash} is not in the artifact store (${path}); restore the file or run its stage again`,
    { kind: ref.kind, hash: ref.hash, path },
    error,
  );
}

/**
 * The artifact store on a local folder: `<folder>/<kind>/<hash[:2]>/<hash>`, a file or a folder with a manifest. What is
 * visible under such a name is whole, on disk, and has that hash; half-written content stays in `.staging/`.
 */
import { lstat, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { RatchetError } from "../core/errors.ts";
import { sha256 } from "../core/hash.ts";
import { canonicalJson } from "../core/json.ts";
import type { ArtifactRef, ArtifactStore } from "../core/ports/artifacts.ts";
import { renameDurably, storageError, writeSynced } from "./files.ts";
import { corruptArtifact, sealFolder, storedBytes, verifyArtifact } from "./manifest.ts";
import { openStaging, stagingPath } from "./staging.ts";

/** Announces that a hash is about to be used, before its content is renamed into place; see `garbage.ts`. */
export type HoldLease = (ref: ArtifactRef) => Promise<void>;

export async function openArtifactFolder(artifactFolder: string, hold: HoldLease): Promise<ArtifactStore> {
  const root = resolve(artifactFolder);
  const staging = await openStaging(root).catch((error) => {
    throw storageError(error, root);
  });
  const verified = new Map<string, Promise<void>>();

  const putBytes = async (kind: string, content: Uint8Array | string): Promise<ArtifactRef> => {
    const ref = { kind, hash: sha256(content), bytes: Buffer.byteLength(content) };
    const target = artifactPath(root, ref);
    const temporary = await stagingPath(staging);
    try {
      await writeSynced(temporary, content);
      await renameDurably(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return ref;
  };

  const getBytes = async (ref: ArtifactRef): Promise<Buffer> => {
    const path = artifactPath(root, ref);
    const content = await readFile(path).catch((error) => {
      throw missing(error, ref, path);
    });
    const actual = sha256(content);
    if (actual !== ref.hash) throw corruptArtifact(ref, path, `its sha256 is ${actual}`);
    return content;
  };

  const stagingFolder = async (): Promise<string> => {
    const folder = await stagingPath(staging);
    await mkdir(folder).catch((error) => {
      throw storageError(error, folder);
    });
    return folder;
  };

  const adoptFolder: ArtifactStore["adoptFolder"] = async (kind, folder, facts) => {
    const ref = await sealFolder(kind, folder, facts);
    const target = artifactPath(root, ref);
    await hold(ref);
    await moveIntoPlace(folder, ref, target, staging);
    verified.set(target, Promise.resolve());
    return ref;
  };

  const pathOf = async (ref: ArtifactRef): Promise<string> => {
    const path = artifactPath(root, ref);
    const check = verified.get(path) ?? verifyArtifact(ref, path);
    verified.set(path, check);
    try {
      await check;
      // Verified earlier, it may have been collected since.
      await lstat(path);
    } catch (error) {
      verified.delete(path);
      throw missing(error, ref, path);
    }
    return path;
  };

  return {
    find: async (kind, hash) => {
      const named = { kind, hash, bytes: 0 };
      return { ...named, bytes: await storedBytes(await pathOf(named)) };
    },
    putBytes,
    putJson: (kind, value) => putBytes(kind, canonicalJson(value)),
    getBytes,
    getJson: async (ref) => JSON.parse((await getBytes(ref)).toString("utf8")),
    stagingFolder,
    adoptFolder,
    pathOf,
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
  if (!/^[0-9a-f]{64}$/.test(ref.hash))
    throw new RatchetError(
      "InvalidInput",
      `artifact hash ${JSON.stringify(ref.hash)} is not a sha256; give 64 lower-case hexadecimal digits`,
      { field: "hash", value: ref.hash },
    );
  return join(root, ref.kind, ref.hash.slice(0, 2), ref.hash);
}

/** Another process may be adopting the same content: one rename wins and the other finds a whole artifact there. */
async function moveIntoPlace(
  folder: string,
  ref: ArtifactRef,
  target: string,
  staging: string,
): Promise<void> {
  for (;;) {
    try {
      return await renameDurably(folder, target);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== "ENOTEMPTY" && code !== "EEXIST") throw storageError(error, target);
    }
    const isWhole = await verifyArtifact(ref, target).then(
      () => true,
      () => false,
    );
    if (isWhole) return rm(folder, { recursive: true, force: true });
    // What lies there is damaged: set it aside, so that this good copy takes its place.
    const aside = await stagingPath(staging);
    await rename(target, aside).catch(() => undefined);
    await rm(aside, { recursive: true, force: true });
  }
}

function missing(error: unknown, ref: ArtifactRef, path: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return error;
  return new RatchetError(
    "ArtifactMissing",
    `${ref.kind} ${ref.hash} is not in the artifact store (${path}); restore the file or run its stage again`,
    { kind: ref.kind, hash: ref.hash, path },
    error,
  );
}

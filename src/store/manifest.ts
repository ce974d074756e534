/**
 * A folder as one artifact: `manifest.json`, written last, lists each file's sha256 and length beside the caller's facts,
 * and the artifact's hash is the hash of that text. No time, host or path is in it.
 */
import { join } from "node:path";
import { z } from "zod";
import { isLost, RatchetError } from "../core/errors.ts";
import { sha256 } from "../core/hash.ts";
import { canonicalJson } from "../core/json.ts";
import type { ArtifactRef, FileDigest } from "../core/ports/artifacts.ts";
import { storageFailure } from "../core/storage-failure.ts";
import type { FileSystem } from "./file-system.ts";
import { digestAndSync, digestFile, syncFolder, writeSynced } from "./files.ts";

const manifestName = "manifest.json";
const fileName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

const manifestSchema = z.looseObject({
  files: z.record(z.string().regex(fileName), z.strictObject({ sha256: z.string(), bytes: z.number() })),
});

/** Hashes every file whose digest is not `known`, syncs all, then writes the manifest; the folder stays where it is. */
export async function sealFolder(
  fs: FileSystem,
  kind: string,
  folder: string,
  facts: Record<string, unknown>,
  known: ReadonlyMap<string, FileDigest>,
): Promise<ArtifactRef> {
  if ("files" in facts) throw new TypeError("facts.files is the manifest's own");
  const files: Record<string, FileDigest> = {};
  // An earlier try of ours may have written a manifest and failed later; it is written anew.
  await fs.rm(join(folder, manifestName), { force: true });
  for (const entry of (await fs.readdir(folder, { withFileTypes: true })).sort(byName)) {
    if (!entry.isFile() || !fileName.test(entry.name))
      throw new RatchetError(
        "InvalidInput",
        `cannot adopt ${folder}: ${JSON.stringify(entry.name)} is not a plain file with a plain name`,
        { folder, entry: entry.name },
      );
    files[entry.name] = await digestAndSync(fs, join(folder, entry.name), known.get(entry.name));
  }
  const manifest = canonicalJson({ ...facts, files });
  await writeSynced(fs, join(folder, manifestName), manifest);
  await syncFolder(fs, folder);
  const content = Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
  return { kind, hash: sha256(manifest), bytes: content + Buffer.byteLength(manifest) };
}

/** Bytes of a stored file, or of a stored folder's files and manifest. */
export async function storedBytes(fs: FileSystem, path: string): Promise<number> {
  const about = await fs.lstat(path);
  if (!about.isDirectory()) return about.size;
  const text = await fs.readFile(join(path, manifestName));
  const { files } = manifestSchema.parse(JSON.parse(text.toString("utf8")));
  return Object.values(files).reduce((sum, { bytes }) => sum + bytes, text.byteLength);
}

/** Errors of a path where no such file lies. Any other says nothing of what is stored: the disk, or this process, fails. */
const noSuchFile: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"]);

/**
 * Whether it is stored, and undamaged. Throws where it cannot be read (StorageUnavailable where the disk refuses): that is
 * neither, and what is whole must not be made anew for it.
 */
export async function isWhole(fs: FileSystem, ref: ArtifactRef, path: string): Promise<boolean> {
  try {
    await verifyArtifact(fs, ref, path);
    return true;
  } catch (error) {
    if (isLost(error) || codeOf(error) === "ENOENT") return false;
    throw storageFailure(error, `read ${path}`);
  }
}

/**
 * Reads all of a stored file or folder again, or of a folder the manifest, `only` these files and the sizes of the others.
 * Throws ArtifactCorrupt, or ENOENT where it is not there.
 */
export async function verifyArtifact(
  fs: FileSystem,
  ref: ArtifactRef,
  path: string,
  only?: readonly string[],
): Promise<void> {
  const damaged = (found: string) => corruptArtifact(ref, path, found);
  const unreadable = (error: unknown, at: string, found: string) =>
    noSuchFile.has(codeOf(error)) ? damaged(found) : storageFailure(error, `read ${at}`);
  if (!(await fs.lstat(path)).isDirectory()) {
    const { sha256: actual } = await digestFile(fs, path).catch((error: Error) => {
      throw codeOf(error) === "ENOENT"
        ? error
        : unreadable(error, path, `it cannot be read (${error.message})`);
    });
    if (actual !== ref.hash) throw damaged(`its sha256 is ${actual}`);
    return;
  }
  const text = await fs.readFile(join(path, manifestName)).catch((error) => {
    throw unreadable(error, join(path, manifestName), "manifest.json is missing");
  });
  if (sha256(text) !== ref.hash) throw damaged(`manifest.json has sha256 ${sha256(text)}`);
  const { files } = manifestSchema.parse(JSON.parse(text.toString("utf8")));
  for (const [name, expected] of Object.entries(files)) {
    const { size } = await fs.lstat(join(path, name)).catch((error) => {
      throw unreadable(error, join(path, name), `${name} is missing`);
    });
    if (size !== expected.bytes) throw damaged(`${name} has ${size} bytes instead of ${expected.bytes}`);
    if (only !== undefined && !only.includes(name)) continue;
    const actual = await digestFile(fs, join(path, name)).catch((error: Error) => {
      throw unreadable(error, join(path, name), `${name} cannot be read (${error.message})`);
    });
    if (actual.sha256 !== expected.sha256) throw damaged(`${name} has sha256 ${actual.sha256}`);
  }
  for (const name of await fs.readdir(path))
    if (name !== manifestName && !Object.hasOwn(files, name))
      throw damaged(`${JSON.stringify(name)} is not in its manifest`);
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? "";

export function corruptArtifact(ref: ArtifactRef, path: string, found: string): RatchetError {
  return new RatchetError(
    "ArtifactCorrupt",
    `${ref.kind} ${ref.hash} is damaged: ${found}; remove ${path} and run its stage again`,
    { kind: ref.kind, hash: ref.hash, path },
  );
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** Whether everything that a step's result names is stored, and undamaged: what is not, its step has to write again. */
import type { Json } from "../core/json.ts";
import { artifactsIn } from "../core/named-artifacts.ts";
import { artifactPath } from "./artifacts.ts";
import type { FileSystem } from "./file-system.ts";
import { isWhole } from "./manifest.ts";

/**
 * Reads every artifact, which takes about a second a gigabyte, where a committed step is asked for once more. Checkpoints
 * do not count: they are collected on purpose, and made again from their lineage when they are needed. Throws where one
 * cannot be read, for that says nothing of it: the step stays committed, and whoever asks may ask again.
 */
export async function hasArtifacts(fs: FileSystem, artifactFolder: string, result: Json): Promise<boolean> {
  const named = artifactsIn(result).filter(({ kind }) => kind !== "checkpoint");
  for (const ref of named) if (!(await isWhole(fs, ref, artifactPath(artifactFolder, ref)))) return false;
  return true;
}

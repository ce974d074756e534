/** Where a stored policy lies, and what its adapter adds to: a checkpoint's manifest names the one that holds its weights. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ArtifactRef, ArtifactStore, FileDigest } from "../../core/ports/artifacts.ts";
import { optimizerFile } from "../formats/checkpoint.ts";
import { weightsFile } from "../formats/folder-tensors.ts";
import type { PolicyLocation } from "./messages.ts";
import type { Numerics } from "./numerics.ts";

interface Manifest {
  readonly files: Readonly<Record<string, FileDigest>>;
  /** What made it; a policy from elsewhere has none. */
  readonly numerics?: Numerics;
  /** Hash of the checkpoint whose weights this one's adapter adds to. */
  readonly base?: string;
}

export const readManifest = async (folder: string) =>
  JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")) as Manifest;

/** Verifies what it finds, the base included; throws ArtifactMissing or ArtifactCorrupt. */
export async function locatePolicy(
  artifacts: Pick<ArtifactStore, "pathOf">,
  ref: ArtifactRef,
): Promise<PolicyLocation> {
  const folder = await artifacts.pathOf(ref);
  const { base, files } = await readManifest(folder);
  return {
    hash: ref.hash,
    folder,
    base: base === undefined ? undefined : await locatePolicy(artifacts, { ...ref, hash: base }),
    configSha256: files["config.json"]?.sha256,
    weightsSha256: files[weightsFile]?.sha256,
    optimizerSha256: files[optimizerFile]?.sha256,
  };
}

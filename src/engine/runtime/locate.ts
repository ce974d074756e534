/** Where a stored policy lies, and what its adapter adds to: a checkpoint's manifest names the one that holds its weights. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RatchetError } from "../../core/errors.ts";
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

/**
 * After ModelUnreadable: a policy that was verified may have been collected or damaged before it was read. It is lost then,
 * which can be made again; an unreadable model is nobody's to mend. Throws ArtifactMissing or ArtifactCorrupt.
 */
export async function verifyAgain(
  artifacts: Pick<ArtifactStore, "verifyAgain">,
  policies: readonly Pick<PolicyLocation, "hash" | "base">[],
): Promise<void> {
  for (const { hash, base } of policies) {
    await artifacts.verifyAgain({ kind: "checkpoint", hash });
    if (base !== undefined) await verifyAgain(artifacts, [base]);
  }
}

export const isUnreadable = (error: unknown): boolean =>
  error instanceof RatchetError && error.type === "ModelUnreadable";

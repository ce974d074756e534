/** Whether what a step's result names is still stored. A look at the names, no reading: the reader verifies what it takes. */
import { access } from "node:fs/promises";
import type { Json } from "../core/json.ts";
import { artifactsIn } from "../core/named-artifacts.ts";
import { artifactPath } from "./artifacts.ts";

/** Checkpoints do not count: they are collected on purpose, and made again from their lineage when they are needed. */
export async function hasArtifacts(artifactFolder: string, result: Json): Promise<boolean> {
  const named = artifactsIn(result).filter(({ kind }) => kind !== "checkpoint");
  const stored = await Promise.all(
    named.map((ref) =>
      access(artifactPath(artifactFolder, ref)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return stored.every(Boolean);
}

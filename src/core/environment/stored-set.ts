/**
 * How sets are stored: an index with the tables, and environments in parts of a bounded size, so that a set of any number
 * is written and read without ever being one text. In memory a set is whole.
 */
import { z } from "zod";
import type { ArtifactRef, ArtifactStore } from "../ports/artifacts.ts";
import {
  type Environment,
  type EnvironmentSet,
  environmentSchema,
  environmentSetSchema,
} from "./environment.ts";

/** 2 MB of `compact` environments, 10 MB of `ftrl` ones. */
export const environmentsPerPart = 256;

const indexSchema = environmentSetSchema.omit({ format: true, environments: true }).extend({
  format: z.literal("ratchet.environment-set.v2"),
  parts: z.array(
    z.strictObject({ kind: z.literal("environment-part"), hash: z.string(), bytes: z.number() }),
  ),
});

type Artifacts = Pick<ArtifactStore, "putJson" | "getJson">;

export const storePart = (artifacts: Artifacts, environments: readonly Environment[]): Promise<ArtifactRef> =>
  artifacts.putJson("environment-part", environments);

/** `parts` hold the set's environments in order. */
export function storeIndex(
  artifacts: Artifacts,
  { name, tables, quarantined }: Pick<EnvironmentSet, "name" | "tables" | "quarantined">,
  parts: readonly ArtifactRef[],
): Promise<ArtifactRef> {
  return artifacts.putJson("environment-set", {
    format: "ratchet.environment-set.v2",
    name,
    tables,
    quarantined,
    parts,
  });
}

export async function storeSet(artifacts: Artifacts, set: EnvironmentSet): Promise<ArtifactRef> {
  const parts: ArtifactRef[] = [];
  for (let at = 0; at < set.environments.length; at += environmentsPerPart)
    parts.push(await storePart(artifacts, set.environments.slice(at, at + environmentsPerPart)));
  return storeIndex(artifacts, set, parts);
}

/** Sets that were stored whole, before there were parts, are read too. */
export async function loadSet(artifacts: Artifacts, ref: ArtifactRef): Promise<EnvironmentSet> {
  const stored = await artifacts.getJson(ref);
  if ((stored as { format?: unknown }).format === "ratchet.environment-set.v1")
    return environmentSetSchema.parse(stored);
  const { name, tables, quarantined, parts } = indexSchema.parse(stored);
  const environments: Environment[] = [];
  for (const part of parts)
    environments.push(...z.array(environmentSchema).parse(await artifacts.getJson(part)));
  return { format: "ratchet.environment-set.v1", name, environments, tables, quarantined };
}

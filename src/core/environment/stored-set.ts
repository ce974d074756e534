/**
 * How sets are stored: an index, environments in parts of a bounded size, each table by itself under the hash that tools
 * name it by, and what was quarantined in parts, so that a set of any number is written without ever being one text. In
 * memory a set is whole.
 */
import { z } from "zod";
import { isLost } from "../errors.ts";
import type { Json } from "../json.ts";
import type { ArtifactRef, ArtifactStore } from "../ports/artifacts.ts";
import {
  type Environment,
  type EnvironmentSet,
  environmentSchema,
  environmentSetSchema,
} from "./environment.ts";

/** 2 MB of `compact` environments, 10 MB of `ftrl` ones. */
export const environmentsPerPart = 256;

/** 1 MB of reasons. */
const quarantinedPerPart = 4_096;

const refsOf = <K extends string>(kind: K) =>
  z.array(z.strictObject({ kind: z.literal(kind), hash: z.string(), bytes: z.number() }));
const indexSchema = z.strictObject({
  format: z.literal("ratchet.environment-set.v3"),
  name: z.string(),
  parts: refsOf("environment-part"),
  tables: refsOf("table"),
  quarantined: refsOf("quarantined-part"),
});

export interface StoredParts {
  readonly name: string;
  /** The set's environments, in order. */
  readonly parts: readonly ArtifactRef[];
  readonly tables: readonly ArtifactRef[];
  readonly quarantined: readonly ArtifactRef[];
}

type Reading = Pick<ArtifactStore, "getJson">;
type Writing = Pick<ArtifactStore, "putJson" | "find">;

export async function storeParts(
  artifacts: Writing,
  environments: readonly Environment[],
): Promise<ArtifactRef[]> {
  const parts: ArtifactRef[] = [];
  for (const part of pieces(environments, environmentsPerPart))
    parts.push(await artifacts.putJson("environment-part", part));
  return parts;
}

export async function storeQuarantined(
  artifacts: Writing,
  quarantined: EnvironmentSet["quarantined"],
): Promise<ArtifactRef[]> {
  const parts: ArtifactRef[] = [];
  for (const part of pieces(quarantined, quarantinedPerPart))
    parts.push(await artifacts.putJson("quarantined-part", part));
  return parts;
}

/** Most tables are stored already: environments over one subject share them. */
export async function storeTables(
  artifacts: Writing,
  tables: Readonly<Record<string, Json>>,
): Promise<ArtifactRef[]> {
  const refs: ArtifactRef[] = [];
  for (const [hash, table] of Object.entries(tables)) {
    const stored = await artifacts.find("table", hash).catch((error: unknown) => {
      if (!isLost(error)) throw error;
      return undefined;
    });
    refs.push(stored ?? (await artifacts.putJson("table", table)));
  }
  return refs;
}

export const storeIndex = (artifacts: Writing, parts: StoredParts): Promise<ArtifactRef> =>
  artifacts.putJson("environment-set", { format: "ratchet.environment-set.v3", ...parts });

export async function storeSet(artifacts: Writing, set: EnvironmentSet): Promise<ArtifactRef> {
  return storeIndex(artifacts, {
    name: set.name,
    parts: await storeParts(artifacts, set.environments),
    tables: await storeTables(artifacts, set.tables),
    quarantined: await storeQuarantined(artifacts, set.quarantined),
  });
}

/** Sets that were stored whole, before there were parts, are read too. */
export async function loadSet(artifacts: Reading, ref: ArtifactRef): Promise<EnvironmentSet> {
  const stored = await artifacts.getJson(ref);
  if ((stored as { format?: unknown }).format === "ratchet.environment-set.v1")
    return environmentSetSchema.parse(stored);
  const index = indexSchema.parse(stored);
  const environments: Environment[] = [];
  for (const part of index.parts)
    environments.push(...z.array(environmentSchema).parse(await artifacts.getJson(part)));
  const tables: Record<string, Json> = {};
  for (const table of index.tables) tables[table.hash] = (await artifacts.getJson(table)) as Json;
  const quarantined: EnvironmentSet["quarantined"] = [];
  for (const part of index.quarantined)
    quarantined.push(...environmentSetSchema.shape.quarantined.parse(await artifacts.getJson(part)));
  return {
    format: "ratchet.environment-set.v1",
    name: index.name,
    environments,
    tables,
    quarantined,
  };
}

function pieces<T>(items: readonly T[], size: number): T[][] {
  const found: T[][] = [];
  for (let at = 0; at < items.length; at += size) found.push(items.slice(at, at + size));
  return found;
}

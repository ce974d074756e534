import { describe, expect, it } from "vitest";
import { caseOf, chainCandidate } from "../../../tests/support/small-world.ts";
import { RatchetError } from "../errors.ts";
import { contentHash } from "../hash.ts";
import type { Json } from "../json.ts";
import type { ArtifactRef } from "../ports/artifacts.ts";
import type { EnvironmentSet } from "./environment.ts";
import { environmentsPerPart, loadSet, storeSet } from "./stored-set.ts";

/** Artifacts in memory, by hash. */
function memory() {
  const stored = new Map<string, unknown>();
  return {
    stored,
    putJson: async (kind: string, value: unknown): Promise<ArtifactRef> => {
      const text = JSON.stringify(value);
      const hash = contentHash(JSON.parse(text) as Json);
      stored.set(hash, JSON.parse(text));
      return { kind, hash, bytes: text.length };
    },
    getJson: async ({ hash }: ArtifactRef): Promise<unknown> => stored.get(hash),
    find: async (kind: string, hash: string): Promise<ArtifactRef> => {
      if (!stored.has(hash)) throw new RatchetError("ArtifactMissing", "not there");
      return { kind, hash, bytes: JSON.stringify(stored.get(hash)).length };
    },
  };
}

const { environment, tables } = caseOf(chainCandidate);
const setOf = (count: number): EnvironmentSet => ({
  format: "ratchet.environment-set.v1",
  name: "many",
  environments: Array.from({ length: count }, (_, i) => ({
    ...environment,
    question: `${i}. ${environment.question}`,
  })),
  tables,
  quarantined: [{ question: "?", gate: "oracle", reason: "wrong" }],
});

describe("a stored set", () => {
  it.each([0, 1, environmentsPerPart, environmentsPerPart + 1])(
    "of %i environments is read as it was",
    async (count) => {
      const artifacts = memory();
      const ref = await storeSet(artifacts, setOf(count));
      expect(ref.kind).toBe("environment-set");
      // The index, the parts, the tables by themselves and what was quarantined.
      const parts = Math.ceil(count / environmentsPerPart);
      expect(artifacts.stored.size).toBe(1 + parts + Object.keys(tables).length + 1);
      expect(await loadSet(artifacts, ref)).toEqual(setOf(count));
    },
  );

  it("shares its tables with other sets, under the hash that tools name them by", async () => {
    const artifacts = memory();
    await storeSet(artifacts, setOf(1));
    const before = artifacts.stored.size;
    await storeSet(artifacts, setOf(2));
    expect(artifacts.stored.size).toBe(before + 2);
    for (const { table } of environment.tools) if (table) expect(artifacts.stored.has(table)).toBe(true);
  });

  it("is read where it was stored whole, before there were parts", async () => {
    const artifacts = memory();
    expect(await loadSet(artifacts, await artifacts.putJson("environment-set", setOf(2)))).toEqual(setOf(2));
  });
});

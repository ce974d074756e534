import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { caseOf, chainCandidate } from "../../../tests/support/small-world.ts";
import { environmentHash } from "../environment/environment.ts";
import { type EnvironmentFile, environmentFileOf, readEnvironmentFile } from "./environment-file.ts";

const example = (): EnvironmentFile =>
  JSON.parse(readFileSync(new URL("../../../examples/environment.json", import.meta.url), "utf8"));

describe("an environment written by hand", () => {
  it("may leave out what follows from the rest", () => {
    const { environment } = readEnvironmentFile(example(), "FILE");
    expect(environment).toMatchObject({
      scenario: "multi_hop",
      profile: "compact",
      split: "test",
      composition: { kind: "answer", of: "q2" },
      lineage: { author: "hand", authorVersion: "1", seed: 0, sources: [] },
    });
    expect(environment.subQuestions[0]).toMatchObject({ dependsOn: [], answerType: "string" });
    expect(environment.referenceCalls.map(({ tool }) => tool)).toEqual([
      "country_of_capital",
      "official_currency",
    ]);
    expect(environment.tools.map(({ runtime, distractor }) => `${runtime} ${distractor}`)).toEqual([
      "javascript false",
      "javascript false",
      "javascript true",
    ]);
  });

  it("names its tables, which become content-addressed", () => {
    const { environment, tables } = readEnvironmentFile(example(), "FILE");
    const { tables: named = {} } = example();
    expect(environment.tools.map(({ table }) => tables[table!])).toEqual([
      named.capitals,
      named.countries,
      named.countries,
    ]);
  });

  it("may write code as lines", () => {
    const file = example();
    const [first, ...others] = file.tools;
    const lines = { ...file, tools: [{ ...first!, code: ["function f() {", "}"] }, ...others] };
    expect(readEnvironmentFile(lines, "FILE").environment.tools[0]!.code).toBe("function f() {\n}");
  });

  it("is refused where a field is wrong, unknown or missing, by that field's name", () => {
    expect(() => readEnvironmentFile({ ...example(), splitt: "test" }, "mine.json")).toThrow(
      /^mine\.json: field 'splitt' = .*: there is no such field/,
    );
    expect(() => readEnvironmentFile({ ...example(), split: "tset" }, "mine.json")).toThrow(
      /^mine\.json: field 'split' = "tset"/,
    );
    expect(() => readEnvironmentFile({ ...example(), question: undefined }, "mine.json")).toThrow(
      /^mine\.json: field 'question'/,
    );
  });
});

describe("a table that has no end", () => {
  const row: Record<string, unknown> = { country: "Ecuador" };
  row.itself = row;
  let deep: unknown = "Ecuador";
  for (let level = 0; level < 100_000; level++) deep = { deep };

  it.each([
    ["of a TypeScript file, which may hold itself", row],
    ["of a JSON file, which may nest as deep as it likes", deep],
  ])("is refused in words: %s", (_, quito) => {
    const tables = { capitals: { aliases: {}, rows: { quito } }, countries: {} };
    expect(() => readEnvironmentFile({ ...example(), tables }, "FILE")).toThrow(
      "FILE: is nested too deeply to be read, or holds itself; write out what a table holds, a few levels deep",
    );
  });
});

it("what fails in another way is no nesting", () => {
  const failing = {
    get format() {
      throw new RangeError("of another kind");
    },
  };
  expect(() => readEnvironmentFile(failing, "FILE")).toThrow("of another kind");
});

describe("an environment written to a file", () => {
  it("is the same one when it is read again, without the tables of others", () => {
    const sound = caseOf(chainCandidate);
    const file = environmentFileOf({ ...sound, tables: { ...sound.tables, other: 1 } });
    const read = readEnvironmentFile(JSON.parse(JSON.stringify(file)), "FILE");
    expect(environmentHash(read.environment)).toBe(environmentHash(sound.environment));
    expect(read.environment).toEqual(sound.environment);
    expect(read.tables).toEqual(sound.tables);
  });
});

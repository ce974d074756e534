import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createVmSandbox } from "../../../tests/support/vm-sandbox.ts";
import { RatchetError } from "../errors.ts";
import { readEnvironmentFile } from "../formats/environment-file.ts";
import type { Json, JsonObject } from "../json.ts";
import { leavesOf, withLeaf, withoutLeaf } from "./arguments.ts";
import type { Case } from "./gate.ts";
import { type Judged, runGates } from "./run-gates.ts";
import { gateTable } from "./table.ts";

const example: JsonObject = JSON.parse(
  readFileSync(new URL("../../../examples/environment.json", import.meta.url), "utf8"),
);
const judged = async (file: Json): Promise<Judged> =>
  (await runGates([readEnvironmentFile(file, "FILE")], gateTable, createVmSandbox()))[0]!;
const failing = async (file: Json) =>
  (await judged(file)).verdicts
    .filter(({ verdict }) => verdict === "fail")
    .map(({ gate, evidence }) => `${gate}: ${evidence}`);

describe("all gates", () => {
  it("pass the example written by hand", async () => {
    expect(await failing(example)).toEqual([]);
  });

  it.each([
    [
      ["referenceCalls", 1, "arguments", "country", "from"],
      "q9",
      "decomposition: q2 does not use q1; q2 uses q9 unsaid",
    ],
    [
      ["referenceCalls", 1, "subQuestion"],
      "q9",
      "decomposition: there is not one reference call for each sub-question, in order",
    ],
    [["tables", "countries", "rows", "ecuador"], null, "its table's row 'ecuador' is no object of fields"],
    [["tables", "capitals", "rows"], {}, "country_of_capital: its table has no rows"],
    [
      ["tables", "countries", "aliases", "republic of ecuador"],
      "eldorado",
      "its table's alias 'republic of ecuador' leads to no row",
    ],
  ] as const)("refuse %j = %j with evidence", async (path, value, evidence) => {
    expect((await failing(withLeaf(example, path, value))).join("\n")).toContain(evidence);
  });

  it("say something of any file, whatever stands at any place of it, and never break", async () => {
    const places = [...new Map(leavesOf(example).flatMap(({ path }) => pathsTo(path))).values()];
    const subjects = places.flatMap((path) => [
      ...[null, 5, "q9", "", [], {}, [null], { from: "q1" }].map((value) =>
        withLeaf(example, path, value as Json),
      ),
      ...(typeof path.at(-1) === "string" && path.every((step) => typeof step === "string")
        ? [withoutLeaf(example, path)]
        : []),
    ]);
    const read = subjects.flatMap((file) => readable(file) ?? []);
    expect(read.length).toBeGreaterThan(200);
    for (const subject of read)
      expect(await runGates([subject], gateTable, createVmSandbox())).toHaveLength(1);
  });
});

const pathsTo = (path: readonly (string | number)[]) =>
  path.map((_, i) => [path.slice(0, i + 1).join(), path.slice(0, i + 1)] as const);

/** Undefined where the file itself is refused. */
function readable(file: Json): Case | undefined {
  try {
    return readEnvironmentFile(file, "FILE");
  } catch (error) {
    if (error instanceof RatchetError) return undefined;
    throw error;
  }
}

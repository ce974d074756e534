import { describe, expect, it } from "vitest";
import { chainCandidate, smallTables, sumCandidate } from "../../../tests/support/small-world.ts";
import { createVmSandbox } from "../../../tests/support/vm-sandbox.ts";
import type { Sandbox, ToolInvocation } from "../ports/sandbox.ts";
import type { Candidate } from "./candidate.ts";
import { decompose } from "./decompose/decompose.ts";
import { document } from "./document/document.ts";
import { integrateProven, scaleProven, stillSolve } from "./preserve.ts";

const documented = (candidate: Candidate) => document(decompose(candidate));
const levels = {
  integration: 1,
  generalization: 1,
  parameters: 2,
  parameterTypes: 2,
  distractors: 1,
} as const;
const twoFields: Candidate = {
  ...chainCandidate,
  scenario: "parallel_single_hop",
  levels,
  facts: [
    { id: "q1", card: "country.capital", question: "?", operands: [{ value: "FR" }], answer: "Paris" },
    { id: "q2", card: "country.currency", question: "?", operands: [{ value: "France" }], answer: "EUR" },
  ],
  composition: { kind: "list", of: ["q1", "q2"] },
};

/** A sandbox in which tools that match fail, as if the operation that made them had broken them. */
const breaking = (isBroken: (call: ToolInvocation) => boolean): Sandbox => {
  const sandbox = createVmSandbox();
  return {
    ...sandbox,
    run: async (calls) =>
      (await sandbox.run(calls)).map((outcome, i) =>
        isBroken(calls[i]!) ? { kind: "raised", text: "not_found: broken", fuel: 1 } : outcome,
      ),
  };
};

const levelsOf = (complexity: readonly { operation: string; level: number }[]) =>
  Object.fromEntries(complexity.map(({ operation, level }) => [operation, level]));

describe("operations that are proven", () => {
  it("run every reference call again on the rows it asks for, other names of them included", async () => {
    const sandbox = createVmSandbox();
    const batch = [documented(twoFields), documented(sumCandidate)];
    expect(await stillSolve(batch, smallTables, sandbox)).toEqual([true, true]);
    expect(sandbox.calls).toHaveLength(5);
    const { rows } = sandbox.calls[0]!.program.table as { rows: object };
    expect(Object.keys(rows).sort()).toEqual(["france", "japan", "norway"]);
  });

  it("merge tools that still solve what they inherit, and no others", async () => {
    const [merged] = await integrateProven([documented(twoFields)], smallTables, createVmSandbox());
    expect(merged!.drafts.map((draft) => Object.keys(draft.calls))).toEqual([["q1", "q2"]]);
    const broken = breaking(({ program }) => program.name === "country_facts");
    const [apart] = await integrateProven([documented(twoFields)], smallTables, broken);
    expect(apart!.drafts.map((draft) => Object.keys(draft.calls))).toEqual([["q1"], ["q2"]]);
    expect(apart!.complexity).toEqual([{ operation: "function_integration", level: 0 }]);
  });

  it("merge tools of one functionality only where both did the same on shared probes", async () => {
    const facts: Candidate["facts"] = [
      { id: "q1", card: "city.country", question: "?", operands: [{ value: "Lyon" }], answer: "France" },
      { id: "q2", card: "city.nation", question: "?", operands: [{ value: "Osaka" }], answer: "Japan" },
    ];
    const candidate: Candidate = { ...twoFields, levels: { ...levels, integration: 0 }, facts };
    const sandbox = createVmSandbox();
    const [merged] = await integrateProven([documented(candidate)], smallTables, sandbox);
    expect(merged!.drafts.map((draft) => draft.cards)).toEqual([["city.country", "city.nation"]]);
    // Both tools, for each of the five cities and for one that is none; then the calls that were inherited.
    const probes = sandbox.calls.map(({ program, arguments: given }) => `${program.name} ${given.city}`);
    expect(probes.slice(0, 4)).toEqual([
      "get_home lyon",
      "which_nation lyon",
      "get_home osaka",
      "which_nation osaka",
    ]);
    expect(probes).toHaveLength(12 + 2);
    const differing = breaking(({ program, arguments: given }) => {
      return program.name === "which_nation" && given.city === "bergen";
    });
    const [apart] = await integrateProven([documented(candidate)], smallTables, differing);
    expect(apart!.drafts.map((draft) => draft.cards)).toEqual([["city.country"], ["city.nation"]]);
  });

  it("leave out the operation that loses an answer, and keep the others", async () => {
    const candidate = { ...chainCandidate, levels: { ...levels, integration: 0 as const } };
    const [sound] = await scaleProven([documented(candidate)], smallTables, createVmSandbox());
    expect(levelsOf(sound!.complexity)).toMatchObject({
      functional_generalization: 2,
      parameter_expansion: 6,
    });
    const broken = breaking(({ program }) => /_facts$/.test(program.name));
    const [scaled] = await scaleProven([documented(candidate)], smallTables, broken);
    expect(levelsOf(scaled!.complexity)).toMatchObject({
      functional_generalization: 0,
      parameter_expansion: 6,
      toolset_extension: 1,
    });
  });

  it("go on where a candidate is broken from its start: the gates say so", async () => {
    const broken = breaking(() => true);
    const [scaled] = await scaleProven([documented(twoFields)], smallTables, broken);
    expect(levelsOf(scaled!.complexity)).toMatchObject({ functional_generalization: 0 });
  });
});

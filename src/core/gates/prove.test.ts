import { describe, expect, it } from "vitest";
import {
  chainCandidate,
  comparisonCandidate,
  deploySmall,
  smallTables,
  sumCandidate,
} from "../../../tests/support/small-world.ts";
import { createVmSandbox } from "../../../tests/support/vm-sandbox.ts";
import type { Candidate } from "../synthesis/candidate.ts";
import { proveBatch } from "./prove.ts";
import { gateTable } from "./table.ts";

const subjectTables = async () => ({ ...smallTables });
const prove = async (...candidates: readonly Candidate[]) => {
  const sandbox = createVmSandbox();
  const proven = await proveBatch(
    deploySmall(...candidates.map((candidate, index) => ({ ...candidate, index }))),
    subjectTables,
    sandbox,
  );
  return { ...proven, calls: sandbox.calls };
};

describe("proveBatch", () => {
  it("accepts sound environments with the verdict of every gate, in order", async () => {
    const { accepted, quarantined } = await prove(chainCandidate, sumCandidate, comparisonCandidate);
    expect(accepted.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(quarantined).toEqual([]);
    expect(accepted.map(({ isRepaired }) => isRepaired)).toEqual([false, false, false]);
    for (const { environment } of accepted) {
      expect(environment.gates.map(({ gate }) => gate)).toEqual(gateTable.map(({ gate }) => gate));
      expect(environment.gates.every(({ verdict }) => verdict === "pass")).toBe(true);
    }
  });

  it("keeps the tables of what was accepted, and no others", async () => {
    const { accepted, tables } = await prove(chainCandidate);
    const used = accepted[0]!.environment.tools.flatMap(({ table }) => table ?? []);
    expect(Object.keys(tables)).toEqual([...new Set(used)].sort());
  });

  it("repairs a question that gives an answer away by another wording", async () => {
    const { accepted } = await prove({
      ...chainCandidate,
      question: "Is it EUR in the country of Lyon?",
    });
    expect(accepted[0]!.isRepaired).toBe(true);
    expect(accepted[0]!.environment.question).toBe("Which currency does the country of Lyon use?");
  });

  it("repairs a toolset by dropping the distractor that answers", async () => {
    const distractors = ["city.nation", "country.capital"];
    const levels = { ...chainCandidate.levels, distractors: 2 };
    const { accepted } = await prove({ ...chainCandidate, distractors, levels });
    expect(accepted[0]!.isRepaired).toBe(true);
    const names = accepted[0]!.environment.tools.map(({ document }) => document.name);
    expect(names.sort()).toEqual(["find_seat", "get_home", "get_money"]);
  });

  it("quarantines what cannot be repaired, with gate and reason, before running any of its code", async () => {
    const wrongLabel = {
      ...chainCandidate,
      facts: [chainCandidate.facts[0]!, { ...chainCandidate.facts[1]!, answer: "GBP" }],
    };
    const leaking = { ...chainCandidate, question: "Is it EUR?", paraphrases: [] };
    const { accepted, quarantined } = await prove(wrongLabel, leaking);
    expect(accepted).toEqual([]);
    expect(quarantined).toEqual([
      {
        index: 0,
        question: chainCandidate.question,
        gate: "oracle",
        reason: expect.stringContaining("q2 gives 'EUR' and not 'GBP'"),
      },
      { index: 1, question: "Is it EUR?", gate: "question-leak", reason: "'EUR' stands in the question" },
    ]);
    expect((await prove(leaking)).calls).toEqual([]);
  });

  it("makes equal calls once, and reference calls, calls without arguments and wrong calls again", async () => {
    const { calls } = await prove(chainCandidate);
    const texts = calls.map(
      ({ program, arguments: given }) => `${program.name} ${JSON.stringify([given, program.table])}`,
    );
    // Two reference calls; for each of three tools six wrong ones, of which one is without arguments; two names misspelt.
    expect(texts.length - new Set(texts).size).toBe(2 + 3 * 6 + 2);
  });
});

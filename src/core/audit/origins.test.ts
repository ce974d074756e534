import { describe, expect, it } from "vitest";
import { caseOf, chainCandidate, sumCandidate } from "../../../tests/support/small-world.ts";
import { lookups } from "./defect.ts";
import { originsOf } from "./origins.ts";

describe("where the author took answers from", () => {
  it("is the column and the name of each lookup, a calculator's answer from nowhere", () => {
    expect(originsOf(chainCandidate)).toEqual([
      { subQuestion: "q1", column: "country", name: "Lyon" },
      { subQuestion: "q2", column: "currency", name: "France" },
    ]);
    expect(originsOf(sumCandidate).map(({ subQuestion }) => subQuestion)).toEqual(["q1", "q2"]);
  });

  it("leads to the row and the argument of each reference call, also of widened and nested ones", () => {
    const levels = {
      integration: 1,
      generalization: 2,
      parameters: 3,
      parameterTypes: 2,
      distractors: 0,
    } as const;
    for (const candidate of [chainCandidate, { ...chainCandidate, levels, seed: 3 }]) {
      const found = lookups({ ...caseOf(candidate), origins: originsOf(candidate) });
      expect(found.map(({ facts: { own, field, key } }) => [own, field, key.value])).toEqual([
        ["lyon", "country", "Lyon"],
        ["france", "currency", "France"],
      ]);
    }
  });
});

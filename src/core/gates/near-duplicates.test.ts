import { describe, expect, it } from "vitest";
import { caseOf, chainCandidate, sumCandidate } from "../../../tests/support/small-world.ts";
import type { Candidate } from "../synthesis/candidate.ts";
import { duplicateKeys } from "./near-duplicates.ts";

const keysOf = (candidate: Candidate) => duplicateKeys(caseOf(candidate).environment);
const share = (a: Candidate, b: Candidate) => keysOf(a).some((key) => keysOf(b).includes(key));

describe("duplicateKeys", () => {
  it("are shared by one question in other words and with other tools", () => {
    const levels = { ...chainCandidate.levels, generalization: 2, distractors: 0 };
    expect(
      share(chainCandidate, { ...chainCandidate, question: "How does one pay around Lyon?", levels }),
    ).toBe(true);
  });

  it("are shared by the same words, however they are punctuated", () => {
    expect(
      share(chainCandidate, { ...sumCandidate, question: "what is the currency of the country of Lyon" }),
    ).toBe(true);
  });

  it("are not shared by different facts in different words", () => {
    expect(share(chainCandidate, sumCandidate)).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { judge } from "../../../tests/support/judge.ts";
import {
  caseOf,
  chainCandidate,
  comparisonCandidate,
  smallTables,
  sumCandidate,
} from "../../../tests/support/small-world.ts";
import type { Environment } from "../environment/environment.ts";
import type { Case } from "./gate.ts";
import { guessedAnswer, guessRate } from "./guess.ts";
import { necessityGate } from "./necessity.ts";

const changed = (subject: Case, change: Partial<Environment>): Case => ({
  ...subject,
  environment: { ...subject.environment, ...change },
});
const chain = caseOf(chainCandidate);

/** The chain where three of five countries pay in euros. */
const common: Case = {
  ...chain,
  tables: Object.fromEntries(
    Object.entries(chain.tables).map(([hash, table]) => [
      hash,
      JSON.parse(JSON.stringify(table).replace("JPY", "EUR").replace("NOK", "EUR")),
    ]),
  ),
};

describe("a guess is right", () => {
  it("as often as the most frequent value of the column asked for", () => {
    expect(guessRate(chain)).toEqual({ rate: 1 / 5, by: "the most frequent of 5 values of 'currency'" });
    expect(guessRate(common).rate).toBe(3 / 5);
  });

  it("once in as many times as there are options", () => {
    expect(guessRate(caseOf(comparisonCandidate))).toEqual({ rate: 1 / 3, by: "one of 3 options" });
  });

  it("of a sum as seldom as of its hardest part", () => {
    expect(Object.keys(smallTables.country!.rows).length).toBe(5);
    expect(guessRate(caseOf(sumCandidate)).rate).toBe(1 / 5);
  });

  it("of a count at least once in as many times as there are counts that are meant", () => {
    const { of } = caseOf(comparisonCandidate).environment.composition as { of: string[] };
    const counting = changed(caseOf(comparisonCandidate), {
      answer: "2 of 3",
      composition: { kind: "count_above", of, threshold: 20_000_000 },
    });
    expect(guessRate(counting)).toEqual({ rate: 1 / 2, by: "one of 2 counts" });
  });

  it("half the time of yes and no, whatever else is known", () => {
    expect(guessRate(changed(chain, { answer: "No" })).rate).toBe(0.5);
  });

  it("always of arithmetic on the question's own numbers", () => {
    const sum = caseOf(sumCandidate);
    const referenceCalls = sum.environment.referenceCalls.map((call, i) =>
      i < 2 ? call : { ...call, arguments: { a: { value: 123201945 }, b: { value: 5509733 } } },
    );
    const given = changed(sum, { referenceCalls, composition: { kind: "answer", of: "q3" } });
    expect(guessRate(given).rate).toBe(1);
  });

  it("nobody knows how often of a tool without table or reference call", () => {
    expect(guessRate(changed(chain, { referenceCalls: [] })).rate).toBe(0);
  });
});

describe("the plainest guesser", () => {
  it("says the most frequent value, of several the first by name, and of options the first", () => {
    expect(guessedAnswer(common)).toBe("EUR");
    expect(guessedAnswer(chain)).toBe("ETB");
    expect(guessedAnswer(caseOf(comparisonCandidate))).toBe("Japan");
  });

  it("adds up what it guesses of the parts", () => {
    expect(guessedAnswer(caseOf(sumCandidate))).toBe(String(2 * 123201945));
  });
});

describe("the tool necessity gate", () => {
  it("passes one of three options and a rare value, with the rate as evidence", async () => {
    expect(await judge(necessityGate, caseOf(comparisonCandidate))).toEqual({
      verdict: "pass",
      evidence: "a guess is right at most 33 % of the time: one of 3 options",
    });
    expect((await judge(necessityGate, chain)).verdict).toBe("pass");
  });

  it("refuses a coin toss and a value that most rows have", async () => {
    const composition = { kind: "argmax" as const, of: ["q1", "q2"], labels: ["Japan", "Norway"] };
    expect((await judge(necessityGate, changed(caseOf(comparisonCandidate), { composition }))).evidence).toBe(
      "a guess is right at most 50 % of the time: one of 2 options; the limit is 45 %",
    );
    expect((await judge(necessityGate, common)).verdict).toBe("fail");
  });
});

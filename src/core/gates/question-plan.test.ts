import { describe, expect, it } from "vitest";
import { judge } from "../../../tests/support/judge.ts";
import {
  caseOf,
  chainCandidate,
  comparisonCandidate,
  sumCandidate,
} from "../../../tests/support/small-world.ts";
import type { Environment } from "../environment/environment.ts";
import type { Case } from "./gate.ts";
import { numbersSaid } from "./number-words.ts";
import { questionPlanGate } from "./question-plan.ts";

const changed = (subject: Case, change: Partial<Environment>): Case => ({
  ...subject,
  environment: { ...subject.environment, ...change },
});
const evidence = async (subject: Case, change: Partial<Environment>) =>
  (await judge(questionPlanGate, changed(subject, change))).evidence;
const chain = caseOf(chainCandidate);
const comparison = caseOf(comparisonCandidate);
const options = comparison.environment.composition as Extract<Environment["composition"], { kind: "argmax" }>;

describe("the question-plan gate", () => {
  it("passes questions that name what their plans begin with, by whichever of its names", async () => {
    for (const subject of [chain, comparison, caseOf(sumCandidate)])
      expect(await judge(questionPlanGate, subject)).toMatchObject({ verdict: "pass" });
    const alias = "Which of JP, Norway and Ethiopia has the most people?";
    expect(await evidence(comparison, { question: alias })).toBe(
      "3 names and numbers of the plan stand in the question",
    );
  });

  it("refuses a question about something else, or about another entity", async () => {
    const unnamed = "q1 asks about 'Lyon', which the question does not name";
    expect(await evidence(chain, { question: "What time is it on the Moon right now?" })).toBe(unnamed);
    expect(await evidence(chain, { question: "What is the currency of the country of Osaka?" })).toBe(
      unnamed,
    );
    expect(await evidence(chain, { question: "What is the currency of the Lyonnais country?" })).toBe(
      unnamed,
    );
  });

  it("takes a date in numbers for said where they can mean no other day", async () => {
    const asking = (date: string, said: string) => {
      const { referenceCalls } = chain.environment;
      const [first, ...rest] = referenceCalls;
      return evidence(chain, {
        question: `What is the currency of the place of ${said}?`,
        referenceCalls: [{ ...first!, arguments: { city: { value: date } } }, ...rest],
      });
    };
    for (const said of ["6 July 1969", "July 6th, 1969", "1969-07-06", "1969/07/06"])
      expect(await asking("1969-07-06", said)).toContain("stand in the question");
    for (const said of ["06.07.1969", "7/6/1969"])
      expect(await asking("1969-07-06", said)).toBe(
        "q1 asks about '1969-07-06', which the question does not name",
      );
    for (const said of ["20.07.1969", "7/20/1969"])
      expect(await asking("1969-07-20", said)).toContain("stand in the question");
    expect(await asking("1969-07-07", "7/7/1969")).toContain("stand in the question");
  });

  it("refuses options that stand for each other's calls, that have none, or that stand there twice", async () => {
    const labelled = (labels: readonly string[]) =>
      evidence(comparison, { composition: { ...options, labels: [...labels] } });
    expect(await labelled(["Norway", "Japan", "Ethiopia"])).toBe(
      "option 'Norway' is not what q1 was asked about; option 'Japan' is not what q2 was asked about",
    );
    expect(await labelled(["Japan", "Norway", "Ethiopia", "Ecuador"])).toBe("4 options for 3 values");
    expect(await labelled(["Japan", "Norway", "Japan"])).toContain("option 'Japan' stands there twice");
  });

  it("refuses an option that would be taken for the answer, which stands in it", async () => {
    const answered = (answer: string) => evidence(comparison, { answer });
    expect(await answered("Eth")).toContain("option 'Ethiopia' holds the answer 'Eth'");
    expect(await answered("Ethiopia")).toContain("stand in the question");
  });

  it("refuses a threshold and a number of days that the question does not say", async () => {
    const { of } = options;
    const counting = (question: string) =>
      evidence(comparison, { question, composition: { kind: "count_above", of, threshold: 20_000_000 } });
    expect(await counting("How many of Japan, Norway and Ethiopia have many people?")).toBe(
      "the answer rests on 20000000, which the question does not say",
    );
    for (const number of ["20000000", "20,000,000", "20 million", "20 000 000"])
      expect(await counting(`How many of Japan, Norway and Ethiopia have over ${number} people?`)).toContain(
        "stand in the question",
      );
  });
});

describe("numbers that a text says", () => {
  it("are read in digits, in groups, with magnitudes and in words", () => {
    const said = numbersSaid("Of 1,250.5 and -3.2e5, 1.5 million or ninety days in 2024");
    for (const value of [1250.5, -320_000, 1_500_000, 90, 2024]) expect([...said]).toContain(value);
    expect([...said]).not.toContain(1250);
    const long = [...numbersSaid("40.74881789999999, -4111111111111111 and 0.1 million")];
    for (const value of [40.74881789999999, -4_111_111_111_111_111, 100_000]) expect(long).toContain(value);
  });

  it.each([
    ["a million", 1_000_000],
    ["half a million", 500_000],
    ["one and a half million", 1_500_000],
    ["two hundred and fifty thousand", 250_000],
    ["Forty-five", 45],
    ["a hundred and twenty", 120],
    ["a dozen", 12],
  ])("are read in several words: %s", (text, value) => {
    expect([...numbersSaid(`More than ${text} of them`)]).toContain(value);
  });

  it("are no magnitude by itself, nor a sum of what a comma parts", () => {
    const said = [...numbersSaid("4 million, some hundred, one, two")];
    expect(said).toContain(4_000_000);
    for (const value of [1_000_000, 100, 3]) expect(said).not.toContain(value);
  });
});

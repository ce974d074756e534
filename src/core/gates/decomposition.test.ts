import { describe, expect, it } from "vitest";
import { judge } from "../../../tests/support/judge.ts";
import {
  caseOf,
  chainCandidate,
  comparisonCandidate,
  sumCandidate,
  withTool,
} from "../../../tests/support/small-world.ts";
import type { Environment } from "../environment/environment.ts";
import { contentHash } from "../hash.ts";
import type { JsonObject } from "../json.ts";
import { decompositionGate } from "./decomposition.ts";

const sound = caseOf(chainCandidate);
const changed = (change: (environment: Environment) => Partial<Environment>) =>
  judge(decompositionGate, { ...sound, environment: { ...sound.environment, ...change(sound.environment) } });

describe("the decomposition gate", () => {
  it("passes chains, comparisons and sums", async () => {
    for (const candidate of [chainCandidate, comparisonCandidate, sumCandidate])
      expect((await judge(decompositionGate, caseOf(candidate))).verdict).toBe("pass");
  });

  it("catches a cycle", async () => {
    const finding = await changed(({ subQuestions, referenceCalls }) => ({
      subQuestions: subQuestions.map((sub, i) => ({ ...sub, dependsOn: i === 0 ? ["q2"] : ["q1"] })),
      referenceCalls: referenceCalls.map((call, i) =>
        i === 0 ? { ...call, arguments: { city: { from: "q2" } } } : call,
      ),
    }));
    expect(finding.evidence).toContain("q1 needs q2, which does not come before it");
  });

  it("catches a dependency that nothing uses: sequence forced for its own sake", async () => {
    const finding = await changed(({ referenceCalls }) => ({
      referenceCalls: referenceCalls.map((call, i) =>
        i === 1 ? { ...call, arguments: { country: { value: "France" } } } : call,
      ),
    }));
    expect(finding.evidence).toContain("q2 does not use q1");
  });

  it("catches a tool that owns a sub-answer and is called a distractor, and one that is neither", async () => {
    const called = (distractor: boolean) =>
      changed(({ tools }) => ({ tools: tools.map((tool) => ({ ...tool, distractor })) }));
    expect((await called(true)).evidence).toContain("get_home is called a distractor and owns q1");
    expect((await called(false)).evidence).toBe(
      "find_seat owns no sub-answer and is not called a distractor",
    );
  });

  it("catches a dependency that is not said", async () => {
    const finding = await changed(({ subQuestions }) => ({
      subQuestions: subQuestions.map((sub) => ({ ...sub, dependsOn: [] })),
    }));
    expect(finding.evidence).toContain("q2 uses q1 unsaid");
  });

  it("catches a sub-question that the answer does not need", async () => {
    const finding = await changed(() => ({ composition: { kind: "answer", of: "q1" } }));
    expect(finding.evidence).toContain("nothing uses q2");
  });

  it("catches a sub-question that asks what another asked, a second calculator's too", async () => {
    const { environment, tables } = caseOf(sumCandidate);
    const again = {
      ...environment,
      subQuestions: [...environment.subQuestions, { ...environment.subQuestions[2]!, id: "q4" }],
      referenceCalls: [
        ...environment.referenceCalls,
        { ...environment.referenceCalls[2]!, subQuestion: "q4" },
      ],
    };
    const finding = await judge(decompositionGate, { environment: again, tables });
    expect(finding.evidence).toBe("nothing uses q3; q4 asks what q3 asks");
  });

  it("catches a scenario type that the shape belies", async () => {
    expect((await changed(() => ({ scenario: "single_hop" }))).evidence).toContain(
      "is single_hop by name and multi_hop by shape",
    );
  });

  it("catches a sub-question that asks for two things, and not one with a clause or a list as its answer", async () => {
    const asking = async (question: string) =>
      (
        await changed(({ subQuestions }) => ({
          subQuestions: subQuestions.map((sub) => (sub.id === "q2" ? { ...sub, question } : sub)),
        }))
      ).evidence;
    for (const several of [
      "What is its currency, and what is its capital?",
      "What is its currency and since when?",
      "What is its currency? And its capital?",
      "Which currency has it; how many people use it?",
      "What is its currency and what is its capital?",
    ])
      expect(await asking(several)).toBe("q2 asks more than one question");
    for (const one of [
      "What is the currency of the country in which it lies?",
      "What is the currency of the country that it lies in, and which borders Spain?",
      "Which player was born in Lyon and whose father played for it?",
      "Who wrote Fantastic Beasts and Where to Find Them?",
      "Who directed ‘What’s Up?’ in Lyon?",
      "What do Trinidad and Tobago pay with?",
      'Who wrote "Who? And why?"?',
      "What is its currency? Say the code.",
    ])
      expect(await asking(one)).toBe("2 sub-questions, multi_hop");
  });

  it("catches an answer whose pieces are columns of a row", async () => {
    const answering = (row: JsonObject, answer: string, question = "What are its money and its seat?") => {
      const table = { aliases: {}, rows: { france: row } };
      const told = withTool(sound, "get_money", () => ({ table: contentHash(table) }));
      const subQuestions = told.environment.subQuestions.map((sub) =>
        sub.id === "q2" ? { ...sub, answer, question } : sub,
      );
      return judge(decompositionGate, {
        environment: { ...told.environment, subQuestions },
        tables: { ...told.tables, [contentHash(table)]: table },
      });
    };
    expect((await answering({ money: "EUR", seat: { city: "Paris" } }, "EUR, Paris")).evidence).toBe(
      "q2 asks for several columns: money, seat.city",
    );
    expect(
      (await answering({ money: "EUR, XPF", seat: "Paris", since: 1999 }, "EUR, XPF, Paris, 1999")).evidence,
    ).toBe("q2 asks for several columns: money, seat, since");
    for (const [row, answer] of [
      [{ money: ["EUR", "XPF"] }, "EUR, XPF"],
      [{ money: "EUR, XPF", first: "EUR", second: "XPF" }, "EUR, XPF"],
      [{ money: "EUR", minted: "2002-01-01" }, "EUR, since 2002"],
    ] as const)
      expect(await answering(row, answer)).toMatchObject({ verdict: "pass" });
    for (const one of ["Where is its seat?", "What are the coordinates of France?", ""])
      expect(await answering({ lat: 48.8566, lon: 2.3522 }, "48.8566, 2.3522", one)).toMatchObject({
        verdict: "pass",
      });
  });
});

import { describe, expect, it } from "vitest";
import { chainCandidate, smallTables, sumCandidate } from "../../../../tests/support/small-world.ts";
import type { Candidate } from "../candidate.ts";
import { decompose } from "../decompose/decompose.ts";
import { document } from "../document/document.ts";
import { integrate } from "./integrate.ts";

const integrated = (candidate: Candidate) => integrate(document(decompose(candidate)));

/** Capital and currency of France: two fields of one subject. */
const twoFields = (integration: 0 | 1): Candidate => ({
  ...chainCandidate,
  scenario: "parallel_single_hop",
  levels: { ...chainCandidate.levels, integration },
  facts: [
    { id: "q1", card: "country.capital", question: "?", operands: [{ value: "France" }], answer: "Paris" },
    { id: "q2", card: "country.currency", question: "?", operands: [{ value: "France" }], answer: "EUR" },
  ],
  composition: { kind: "list", of: ["q1", "q2"] },
});

describe("integrate", () => {
  it("gives one document per sub-question before, and one tool per functionality after", () => {
    expect(document(decompose(sumCandidate)).drafts).toHaveLength(3);
    const { drafts, complexity } = integrated(sumCandidate);
    expect(drafts.map((draft) => [draft.document.name, Object.keys(draft.calls)])).toEqual([
      ["count_people", ["q1", "q2"]],
      ["add", ["q3"]],
    ]);
    expect(complexity).toEqual([{ operation: "function_integration", level: 1 }]);
  });

  it("keeps different fields of a subject apart at level 0", () => {
    expect(integrated(twoFields(0)).drafts.map((draft) => draft.document.name)).toEqual([
      "find_seat",
      "get_money",
    ]);
  });

  it("merges them at level 1 behind a selector, and rewrites both calls", () => {
    const { drafts } = integrated(twoFields(1));
    expect(drafts).toHaveLength(1);
    const [{ document: merged, calls }] = drafts as [(typeof drafts)[number]];
    const selector = merged.parameters.required[1]!;
    expect(merged.name).toBe("country_facts");
    expect([...(merged.parameters.properties[selector]!.enum as string[])].sort()).toEqual([
      "capital",
      "currency",
    ]);
    expect(calls).toEqual({
      q1: { country: { value: "France" }, [selector]: { value: "capital" } },
      q2: { country: { value: "France" }, [selector]: { value: "currency" } },
    });
  });

  it("knows the same functionality by what it does, whatever it is called", () => {
    const facts: Candidate["facts"] = [
      { id: "q1", card: "city.country", question: "?", operands: [{ value: "Lyon" }], answer: "France" },
      { id: "q2", card: "city.nation", question: "?", operands: [{ value: "Osaka" }], answer: "Japan" },
    ];
    const candidate: Candidate = { ...twoFields(0), facts };
    const { drafts } = integrate(document(decompose(candidate)), smallTables);
    expect(drafts.map((draft) => [draft.document.name, draft.cards, draft.calls])).toEqual([
      [
        "get_home",
        ["city.country", "city.nation"],
        { q1: { city: { value: "Lyon" } }, q2: { city: { value: "Osaka" } } },
      ],
    ]);
    const differing = {
      ...smallTables,
      city: { ...smallTables.city!, rows: { lyon: { country: "France", nation: "Gaul" } } },
    };
    expect(integrate(document(decompose(candidate)), differing).drafts).toHaveLength(2);
  });

  it("keeps tools apart that are documented for different things, whatever they do", () => {
    const facts: Candidate["facts"] = [
      { id: "q1", card: "city.country", question: "?", operands: [{ value: "Lyon" }], answer: "France" },
      { id: "q2", card: "city.nation", question: "?", operands: [{ value: "Osaka" }], answer: "Japan" },
    ];
    const cards = chainCandidate.cards.map((card) =>
      card.id === "city.nation" ? { ...card, toolName: "zodiac", description: "Star sign." } : card,
    );
    const { drafts } = integrate(document(decompose({ ...twoFields(0), facts, cards })), smallTables);
    expect(drafts).toHaveLength(2);
  });

  it("merges sums of two and of three numbers, the third becoming optional", () => {
    const facts: Candidate["facts"] = [
      ...sumCandidate.facts,
      {
        id: "q4",
        card: "calculator.sum",
        question: "?",
        operands: [{ from: "q1" }, { from: "q2" }, { from: "q3" }],
        answer: "257423356",
      },
    ];
    const add = integrated({ ...sumCandidate, facts }).drafts.find((draft) => draft.document.name === "add")!;
    expect(add.document.parameters).toEqual({
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" }, c: { type: "number", default: 0 } },
      required: ["a", "b"],
    });
  });
});

import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/random.ts";
import type { Entity, Relation } from "./knowledge.ts";
import { inWords, phrase } from "./phrase.ts";
import type { Chain, Plan, Step } from "./plan.ts";
import type { KnownSubject } from "./subjects.ts";

const same = (text: string) => ({ train: [text], validation: [text], test: [text] });
const subject = { id: "city", refer: (name: string) => name } as KnownSubject;
const relation = (field: string, text: string, more: Partial<Relation> = {}): Relation => ({
  field,
  answerType: "number",
  nouns: [field],
  description: "",
  phrases: same(text),
  ...more,
});
const home = relation("country", "the country of {}", { to: "country" });
const people = relation("population", "the population of {}", {
  superlatives: ["the most people", "the fewest people"],
});
const step = (name: string, of: Relation): Step => ({
  subject,
  relation: of,
  entity: { name } as Entity,
  answer: "123",
});
const chain = (name: string, ...relations: readonly Relation[]) =>
  relations.map((of) => step(name, of)) as unknown as Chain;
const plain = { constant: 0, calculates: false };
const asked = (plan: Plan, split: "validation" | "test" = "test") => phrase(plan, split, seededRandom(3));

describe("phrase", () => {
  it("nests a chain from the inside out", () => {
    const plan: Plan = { chains: [chain("Lyon", home, people)], goal: "answers", ...plain };
    expect(asked(plan)).toMatch(/the population of the country of Lyon[.?]$/);
  });

  it("leads on from what a code stands for, and asks for the code at the end", () => {
    const money = relation("currency", "the currency code of {}", { onward: same("the currency of {}") });
    const name = relation("name", "the name of {}", { asks: same("What is {} called?") });
    const questions = (...path: readonly Relation[]) =>
      Array.from({ length: 12 }, (_, seed) => {
        const plan: Plan = { chains: [chain("Peru", ...path)], goal: "answers", ...plain };
        return phrase(plan, "test", seededRandom(seed)).replace(/^(Could you find out|Report) /, "");
      });
    expect(new Set(questions(money).map((text) => text.slice(0, -1)))).toEqual(
      new Set(["the currency code of Peru"]),
    );
    expect(new Set(questions(money, name).map((text) => text.slice(0, -1)))).toEqual(
      new Set(["the name of the currency of Peru", "What is the currency of Peru called"]),
    );
  });

  it("lists what is asked side by side", () => {
    const plan: Plan = {
      chains: [chain("Lyon", people), chain("Oslo", people), chain("Quito", people)],
      goal: "answers",
      ...plain,
    };
    expect(asked(plan)).toMatch(
      /the population of Lyon, the population of Oslo and the population of Quito[.?]$/,
    );
  });

  it("names the options of a comparison once", () => {
    const chains = ["Lyon", "Oslo", "Quito"].map((name) => chain(name, people));
    expect(asked({ chains, goal: "argmin", ...plain })).toBe(
      "Of Lyon, Oslo and Quito, which one has the fewest people?",
    );
  });

  it("says 'its' in a comparison over chains", () => {
    const chains = ["Lyon", "Oslo", "Quito"].map((name) => chain(name, home, people));
    expect(asked({ chains, goal: "argmax", ...plain })).toBe(
      "Of Lyon, Oslo and Quito, for which one is the population of its country the greatest?",
    );
  });

  it("puts the greater value of a difference first", () => {
    const plan: Plan = {
      chains: [chain("Lyon", people), chain("Oslo", people)],
      goal: "difference",
      ...plain,
    };
    expect(asked(plan)).toBe("Calculate the population of Lyon minus the population of Oslo.");
    expect(asked(plan, "validation")).toBe(
      "How much greater is the population of Lyon than the population of Oslo?",
    );
  });

  it("gives a count its options, its value about 'it', its threshold and the form of the answer", () => {
    const chains = ["Lyon", "Oslo", "Quito"].map((name) => chain(name, home, people));
    expect(asked({ chains, goal: "count_above", constant: 5_000_000, calculates: true })).toBe(
      'Among Lyon, Oslo and Quito, for how many does the population of its country exceed 5000000? Say it as "k of 3".',
    );
  });

  it("steps on from a date", () => {
    const plan: Plan = {
      chains: [chain("Lyon", people)],
      goal: "date_after",
      constant: 90,
      calculates: true,
    };
    expect(asked(plan)).toBe("Add 90 days to the population of Lyon: which date is that?");
  });

  it("leaves names alone that look like places in a template", () => {
    const plan: Plan = {
      chains: [chain("A* and $& of {}", people), chain("Oslo", people)],
      goal: "difference",
      ...plain,
    };
    expect(asked(plan)).toBe("Calculate the population of A* and $& of {} minus the population of Oslo.");
  });
});

describe("inWords", () => {
  it("joins one, two and three", () => {
    expect(inWords(["a"])).toBe("a");
    expect(inWords(["a", "b"])).toBe("a and b");
    expect(inWords(["a", "b", "c"])).toBe("a, b and c");
  });
});

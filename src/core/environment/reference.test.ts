import { describe, expect, it } from "vitest";
import type { SubQuestion } from "./environment.ts";
import { levelsOf, resolveArgument, sourcesOf } from "./reference.ts";
import { scenarioOf } from "./scenario.ts";

const dag = (...needs: readonly string[][]): SubQuestion[] =>
  needs.map((dependsOn, i) => ({
    id: `q${i + 1}`,
    question: "?",
    dependsOn,
    tool: "t",
    answer: "abc",
    answerType: "string",
  }));

describe("reference arguments", () => {
  const nested = {
    object: { place: { from: "q1" }, values: { list: [{ from: "q2" }, { value: 5 }] } },
  };

  it("know where they come from, however deep", () => {
    expect(sourcesOf(nested)).toEqual(["q1", "q2"]);
    expect(sourcesOf({ value: "Lyon" })).toEqual([]);
  });

  it("resolve to plain JSON", () => {
    expect(resolveArgument(nested, (id) => `answer of ${id}`)).toEqual({
      place: "answer of q1",
      values: ["answer of q2", 5],
    });
  });
});

describe("levelsOf", () => {
  it("is the longest way to a sub-question", () => {
    expect(levelsOf(dag([], ["q1"], [], ["q2", "q3"]))).toEqual({ q1: 0, q2: 1, q3: 0, q4: 2 });
  });
});

describe("scenarioOf", () => {
  it("goes by the shape of the DAG", () => {
    expect(scenarioOf(dag([]))).toBe("single_hop");
    expect(scenarioOf(dag([], []))).toBe("parallel_single_hop");
    expect(scenarioOf(dag([], ["q1"], ["q2"]))).toBe("multi_hop");
    expect(scenarioOf(dag([], [], ["q1", "q2"]))).toBe("parallel_multi_hop");
  });
});

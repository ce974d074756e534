import { expect, it } from "vitest";
import type { Environment } from "../environment/environment.ts";
import type { Trajectory } from "../trajectory/trajectory.ts";
import { evaluateTrajectory } from "./trajectory.ts";

const answers = ["12", "13", "14"];
/** Whether a trajectory that ends with this text is right, in a comparison of the labels or, without any, elsewhere. */
function isRight(text: string, answer: string, labels?: readonly string[], state = "answered"): boolean {
  const ids = answers.map((_, i) => `q${i + 1}`);
  const environment = {
    ...{ entity: "country:NE", scenario: "parallel_single_hop", answer },
    subQuestions: answers.map((given, i) => ({ id: ids[i], answer: given, tool: "people_of" })),
    composition: labels ? { kind: "argmax", of: ids, labels } : { kind: "answer", of: "q1" },
    referenceCalls: ids.map((subQuestion) => ({ subQuestion, tool: "people_of", arguments: {} })),
  } as unknown as Environment;
  const trajectory = { environment: "e", turns: [{ text, calls: [] }], unsolved: {}, state } as unknown;
  return evaluateTrajectory(trajectory as Trajectory, environment).isAnswerRight;
}

it("an answer is right where the last turn states it, whatever stands beside it", () => {
  expect(isRight("It is Quito, in Ecuador.", "Quito")).toBe(true);
  expect(isRight("It is Lima.", "Quito")).toBe(false);
  expect(isRight("It is Quito.", "Quito", undefined, "cutShort")).toBe(false);
});

it("a comparison's answer is right alone", () => {
  const labels = ["Japan", "Norway", "Ethiopia"];
  expect(isRight("Norway has the fewest.", "Norway", labels)).toBe(true);
  expect(isRight("Norway, unlike Japan.", "Norway", labels)).toBe(false);
});

it("an option whose name holds another's is none of two", () => {
  const labels = ["Niger", "Nigeria", "Kenya"];
  expect(isRight("The answer is Nigeria.", "Nigeria", labels)).toBe(true);
  expect(isRight("The answer is Niger.", "Niger", labels)).toBe(true);
  expect(isRight("The answer is Nigeria.", "Niger", labels)).toBe(false);
  expect(isRight("Niger, or else Nigeria.", "Nigeria", labels)).toBe(false);
});

/** What a trajectory amounts to in its environment: S, C, N, and whether the answer it states is right. */
import { type Environment, unsolvedSet } from "../environment/environment.ts";
import { answerMatches, normalizeAnswer } from "../reward/match.ts";
import { countUnsolved, type Trajectory } from "../trajectory/trajectory.ts";
import type { EvaluatedEnvironment } from "./metrics.ts";

export function evaluateTrajectory(trajectory: Trajectory, environment: Environment): EvaluatedEnvironment {
  const subAnswers = countUnsolved(unsolvedSet(environment));
  return {
    environment: trajectory.environment,
    entity: environment.entity,
    scenario: environment.scenario,
    calls: trajectory.turns.reduce((sum, { calls }) => sum + calls.length, 0),
    solved: subAnswers - countUnsolved(trajectory.unsolved),
    subAnswers,
    isAnswerRight: statesAnswer(trajectory, environment),
  };
}

/**
 * Only a turn that states an answer can be right; a call that happens to hold it is not one, and neither is a
 * comparison's answer that names the other options too.
 */
function statesAnswer({ state, turns }: Trajectory, { answer, composition }: Environment): boolean {
  if (state !== "answered") return false;
  const { text } = turns.at(-1)!;
  const named = "labels" in composition ? labelsNamed(composition.labels, text) : [];
  return answerMatches(answer, text) && named.every((label) => label === answer);
}

/** Longer ones first, for who says "Nigeria" does not name Niger. */
function labelsNamed(labels: readonly string[], text: string): string[] {
  let left = normalizeAnswer(text);
  return labels
    .toSorted((a, b) => b.length - a.length)
    .filter((label) => {
      const name = normalizeAnswer(label);
      const isNamed = left.includes(name);
      left = left.replaceAll(name, "\n");
      return isNamed;
    });
}

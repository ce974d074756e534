/** The scenario type that a DAG of sub-questions has, by its shape alone. */
import type { ScenarioType, SubQuestion } from "./environment.ts";
import { levelsOf } from "./reference.ts";

/** Alone, side by side, one after the other, or both: side by side and over several levels. */
export function scenarioOf(subQuestions: readonly SubQuestion[]): ScenarioType {
  if (subQuestions.length === 1) return "single_hop";
  const levels = Object.values(levelsOf(subQuestions));
  if (levels.every((level) => level === 0)) return "parallel_single_hop";
  return new Set(levels).size === levels.length ? "multi_hop" : "parallel_multi_hop";
}

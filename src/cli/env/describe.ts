/** Environments in a line each, and as JSON that a program reads. */
import {
  type Environment,
  type EnvironmentSet,
  environmentHash,
} from "../../core/environment/environment.ts";
import type { StoredSet } from "./library.ts";

/** Digits of a hash that a person is shown: unique among millions. */
const shownDigits = 12;
const shownQuestion = 90;

export const shortHash = (hash: string) => hash.slice(0, shownDigits);

export function environmentLine(environment: Environment): string {
  const { scenario, tools, question } = environment;
  const text = question.length > shownQuestion ? `${question.slice(0, shownQuestion - 3)}...` : question;
  return `${shortHash(environmentHash(environment))}  ${scenario.padEnd(19)}  ${String(tools.length).padStart(2)} tools  ${text}`;
}

export function environmentSummary(environment: Environment) {
  const { scenario, profile, split, question, tools, subQuestions } = environment;
  return {
    hash: environmentHash(environment),
    scenario,
    profile,
    split,
    question,
    tools: tools.length,
    subQuestions: subQuestions.length,
  };
}

export function setLine({ ref, names, set }: StoredSet): string {
  const scenarios = Object.entries(scenarioCounts(set)).map(([scenario, count]) => `${count} ${scenario}`);
  const called = names.length > 0 ? names.join(", ") : `(${set.name})`;
  return `${shortHash(ref.hash)}  ${String(set.environments.length).padStart(5)} environments  ${called}: ${scenarios.join(", ")}`;
}

export function setSummary({ ref, names, set }: StoredSet) {
  return {
    hash: ref.hash,
    bytes: ref.bytes,
    names,
    environments: set.environments.length,
    scenarios: scenarioCounts(set),
    quarantined: set.quarantined.length,
  };
}

function scenarioCounts(set: EnvironmentSet): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { scenario } of set.environments) counts[scenario] = (counts[scenario] ?? 0) + 1;
  return counts;
}

/** Reference calls: their arguments resolved from answers or outputs, and the level of the DAG each one sits on. */
import { type Json, type JsonObject, ownMember } from "../json.ts";
import type { Environment, ReferenceArgument, ReferenceCall, SubQuestion } from "./environment.ts";

/** Ids an argument takes an answer from. */
export function sourcesOf(argument: ReferenceArgument): string[] {
  if ("from" in argument) return [argument.from];
  if ("list" in argument) return argument.list.flatMap(sourcesOf);
  if ("object" in argument) return Object.values(argument.object).flatMap(sourcesOf);
  return [];
}

export function resolveArgument(argument: ReferenceArgument, answerOf: (id: string) => Json): Json {
  if ("from" in argument) return answerOf(argument.from);
  if ("list" in argument) return argument.list.map((member) => resolveArgument(member, answerOf));
  if ("object" in argument)
    return Object.fromEntries(
      Object.entries(argument.object).map(([name, member]) => [name, resolveArgument(member, answerOf)]),
    );
  return argument.value;
}

/** A call's arguments with every `from` replaced by the stored sub-answer, numbers as numbers. */
export function referenceArguments(environment: Environment, call: ReferenceCall): JsonObject {
  const answerOf = (id: string) => asArgument(environment.subQuestions.find((sub) => sub.id === id)!);
  return Object.fromEntries(
    Object.entries(call.arguments).map(([name, argument]) => [name, resolveArgument(argument, answerOf)]),
  );
}

export const asArgument = ({ answer, answerType }: Pick<SubQuestion, "answer" | "answerType">): Json =>
  answerType === "number" ? Number(answer) : answer;

/** Longest path to each sub-question: 0 needs nothing, and calls of one level can be made in the same turn. */
export function levelsOf(subQuestions: readonly SubQuestion[]): Record<string, number> {
  const levels: Record<string, number> = {};
  for (const { id, dependsOn } of subQuestions)
    levels[id] = Math.max(-1, ...dependsOn.map((needed) => ownMember(levels, needed) ?? -1)) + 1;
  return levels;
}

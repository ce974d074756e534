/**
 * The reference calls of an environment as calls that can be made, with what they are expected to give. A call that names
 * a sub-question, tool or source that is not there cannot be made; it is left out here and refused by `decomposition`.
 */
import type { ReferenceCall, SubQuestion, Tool } from "../environment/environment.ts";
import { programOf } from "../environment/program.ts";
import { referenceArguments, sourcesOf } from "../environment/reference.ts";
import type { JsonObject } from "../json.ts";
import type { ToolInvocation } from "../ports/sandbox.ts";
import { namesIn } from "./arguments.ts";
import type { Case } from "./gate.ts";

export interface MadeCall {
  readonly sub: SubQuestion;
  readonly tool: Tool;
  readonly given: JsonObject;
  /** As it stands in the environment, with its sources. */
  readonly reference: ReferenceCall;
}

export function madeCalls({ environment }: Case): MadeCall[] {
  const { referenceCalls, subQuestions, tools } = environment;
  const known = new Set(subQuestions.map(({ id }) => id));
  return referenceCalls.flatMap((reference) => {
    const sub = subQuestions.find(({ id }) => id === reference.subQuestion);
    const tool = tools.find(({ document }) => document.name === reference.tool);
    if (!sub || !tool || !takenBy(reference).every((id) => known.has(id))) return [];
    return [{ sub, tool, reference, given: referenceArguments(environment, reference) }];
  });
}

/** Ids of the sub-questions whose answers a call's arguments take. */
export const takenBy = ({ arguments: given }: ReferenceCall): string[] =>
  Object.values(given).flatMap(sourcesOf);

export const invocationOf = (tool: Tool, given: JsonObject, { tables }: Case): ToolInvocation => ({
  program: programOf(tool, tables),
  arguments: given,
});

/** Every entity name that some reference call is given. */
export function namesOf(calls: readonly MadeCall[]): string[] {
  const names = calls.flatMap(({ tool, given }) => namesIn(given, tool.document.parameters));
  return [...new Set(names.map(({ value }) => value as string))];
}

/** The calls that a sub-answer rests on, its own included. */
export function chainOf(
  calls: readonly MadeCall[],
  id: string,
  seen: ReadonlySet<string> = new Set(),
): MadeCall[] {
  const call = calls.find(({ sub }) => sub.id === id);
  if (!call || seen.has(id)) return [];
  const before = new Set([...seen, id]);
  return [call, ...takenBy(call.reference).flatMap((source) => chainOf(calls, source, before))];
}

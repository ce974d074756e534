/** The reference calls of an environment as calls that can be made, with what they are expected to give. */
import type { SubQuestion, Tool } from "../environment/environment.ts";
import { programOf } from "../environment/program.ts";
import { referenceArguments } from "../environment/reference.ts";
import type { JsonObject } from "../json.ts";
import type { ToolInvocation } from "../ports/sandbox.ts";
import { namesIn } from "./arguments.ts";
import type { Case } from "./gate.ts";

export interface MadeCall {
  readonly sub: SubQuestion;
  readonly tool: Tool;
  readonly given: JsonObject;
}

export function madeCalls({ environment }: Case): MadeCall[] {
  return environment.referenceCalls.map((call) => ({
    sub: environment.subQuestions.find(({ id }) => id === call.subQuestion)!,
    tool: environment.tools.find(({ document }) => document.name === call.tool)!,
    given: referenceArguments(environment, call),
  }));
}

export const invocationOf = (tool: Tool, given: JsonObject, { tables }: Case): ToolInvocation => ({
  program: programOf(tool, tables),
  arguments: given,
});

/** Every entity name that some reference call is given. */
export function namesOf(calls: readonly MadeCall[]): string[] {
  const names = calls.flatMap(({ tool, given }) => namesIn(given, tool.document.parameters));
  return [...new Set(names.map(({ value }) => value as string))];
}

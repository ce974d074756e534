/** Calls that try an environment's tools from every side: as they are meant, with nothing, and wrong in each known way. */
import type { Tool } from "../environment/environment.ts";
import type { JsonObject } from "../json.ts";
import { madeCalls } from "./calls.ts";
import type { Case } from "./gate.ts";
import { wrongCalls } from "./wrong-calls.ts";

export interface TriedCall {
  readonly tool: Tool;
  readonly given: JsonObject;
  /** For evidence: a sub-question's id, or what is wrong. */
  readonly what: string;
}

export function triedCalls(subject: Case): TriedCall[] {
  return [
    ...madeCalls(subject).map(({ tool, given, sub }) => ({ tool, given, what: sub.id })),
    ...subject.environment.tools.map((tool) => ({ tool, given: {}, what: "a call without arguments" })),
    ...wrongCalls(subject).map(({ tool, given }) => ({ tool, given, what: "a wrong call" })),
  ];
}

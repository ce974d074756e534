/**
 * Arguments that calls take from earlier ones, and whether they matter: a call that says the same whatever it takes does
 * not depend on what it waits for, and a sequence is forced on it.
 */
import type { ReferenceArgument } from "../environment/environment.ts";
import type { Json, JsonObject } from "../json.ts";
import type { ToolInvocation, ToolOutcome } from "../ports/sandbox.ts";
import {
  isBeyondLimits,
  type Leaf,
  leafAt,
  leavesOf,
  schemaAt,
  withinLimits,
  withLeaf,
} from "./arguments.ts";
import { invocationOf, type MadeCall } from "./calls.ts";
import { isDate } from "./date-spellings.ts";
import type { Case } from "./gate.ts";

export interface TakenArgument {
  readonly call: MadeCall;
  /** The sub-question it comes from. */
  readonly source: string;
  /** The call with something else in its place, some times over. */
  readonly others: readonly ToolInvocation[];
}

/** Those that anything else could be taken for. */
export function takenArguments(subject: Case, calls: readonly MadeCall[]): TakenArgument[] {
  return calls.flatMap((call) =>
    Object.entries(call.reference.arguments)
      .flatMap(([name, argument]) => placesTaken(argument, [name]))
      .map(({ source, path }) => ({
        call,
        source,
        others: otherValues(call, path).map((value) =>
          invocationOf(call.tool, withLeaf(call.given, path, value), subject),
        ),
      }))
      .filter(({ others }) => others.length > 0),
  );
}

/** Whether the call says the same with everything else in the argument's place. */
export const isIdle = (own: ToolOutcome, others: readonly ToolOutcome[]): boolean =>
  own.kind === "returned" && others.every(({ kind, text }) => kind === "returned" && text === own.text);

interface Place {
  readonly source: string;
  readonly path: Leaf["path"];
}

function placesTaken(argument: ReferenceArgument, path: Leaf["path"]): Place[] {
  if ("from" in argument) return [{ source: argument.from, path }];
  if ("list" in argument) return argument.list.flatMap((member, i) => placesTaken(member, [...path, i]));
  if ("object" in argument)
    return Object.entries(argument.object).flatMap(([name, member]) => placesTaken(member, [...path, name]));
  return [];
}

const otherNames = ["Qyzzle Vanth", "Brumlo Twex"];
const otherDates = ["1801-02-03", "2198-11-12"];

/** Of numbers a very small and a very large one: the least or the greatest of several depends on each in one direction. */
function otherValues({ given, tool }: MadeCall, path: Leaf["path"]): Json[] {
  const own = leafAt(given, path);
  const schema = schemaAt(tool.document.parameters, path);
  const isOther = (value: Json) => value !== own && !isBeyondLimits(value, schema);
  if (Array.isArray(schema.enum)) return (schema.enum as readonly Json[]).filter(isOther).slice(0, 2);
  if (typeof own === "number") {
    const reach = 2 * sizeOf(given) + 1_000;
    return [reach, -reach].map((value) => withinLimits(value, schema)).filter(isOther);
  }
  return (isDate(own ?? null) || schema.format === "date" ? otherDates : otherNames).filter(isOther);
}

/** The sum of all numbers, each without its sign. */
const sizeOf = (given: JsonObject): number =>
  leavesOf(given).reduce((sum, { value }) => sum + (typeof value === "number" ? Math.abs(value) : 0), 0);

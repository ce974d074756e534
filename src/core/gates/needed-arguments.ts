/**
 * Arguments that calls take from earlier ones or have to be given, and whether they matter: a call that says its answer
 * whatever it takes does not depend on what it waits for, and a sequence is forced on it; one that says it whatever it is
 * given answers more than what was asked.
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
import { type Case, textOf } from "./gate.ts";
import { saysWhole } from "./whole-answer.ts";

export interface NeededArgument {
  readonly call: MadeCall;
  readonly path: Leaf["path"];
  /** The sub-question it comes from; absent for one that is written out. */
  readonly source?: string;
  /** The call with something else in its place, some times over. */
  readonly others: readonly ToolInvocation[];
}

/** Those that anything else could stand in the place of. */
export function neededArguments(subject: Case, calls: readonly MadeCall[]): NeededArgument[] {
  return calls.flatMap((call) =>
    Object.entries(call.reference.arguments)
      .flatMap(([name, argument]) => placesIn(argument, [name]))
      .filter(({ source, path }) => source !== undefined || isAskedFor(call, path))
      .map((place) => ({
        call,
        ...place,
        others: otherValues(call, place.path).map((value) =>
          invocationOf(call.tool, withLeaf(call.given, place.path, value), subject),
        ),
      }))
      .filter(({ others }) => others.length > 0),
  );
}

/** Whether the call says its answer with everything else in the argument's place. */
export const isIdle = (answer: string, own: ToolOutcome, others: readonly ToolOutcome[]): boolean =>
  [own, ...others].every((outcome) => saysWhole(answer, textOf(outcome)));

type Place = Pick<NeededArgument, "path" | "source">;

function placesIn(argument: ReferenceArgument, path: Leaf["path"]): Place[] {
  if ("from" in argument) return [{ source: argument.from, path }];
  if ("list" in argument) return argument.list.flatMap((member, i) => placesIn(member, [...path, i]));
  if ("object" in argument)
    return Object.entries(argument.object).flatMap(([name, member]) => placesIn(member, [...path, name]));
  return leavesOf(argument.value, path).map((leaf) => ({ path: leaf.path }));
}

/** Names and numbers that have to be given. Another choice may happen to say the same of a row. */
function isAskedFor({ tool, given }: MadeCall, path: Leaf["path"]): boolean {
  const { parameters } = tool.document;
  const isChoice = typeof leafAt(given, path) === "boolean" || schemaAt(parameters, path).enum !== undefined;
  return parameters.required.includes(String(path[0])) && !isChoice;
}

const otherNames = ["Qyzzle Vanth", "Brumlo Twex"];
const otherDates = ["1801-02-03", "2198-11-12"];

/** Of numbers a very small and a very large one: the least or the greatest of several depends on each in one direction. */
function otherValues({ given, tool }: MadeCall, path: Leaf["path"]): Json[] {
  const value = leafAt(given, path);
  const schema = schemaAt(tool.document.parameters, path);
  const isOther = (other: Json) => other !== value && !isBeyondLimits(other, schema);
  if (Array.isArray(schema.enum)) return (schema.enum as readonly Json[]).filter(isOther).slice(0, 2);
  if (typeof value === "number") {
    const reach = 2 * sizeOf(given) + 1_000;
    return [reach, -reach].map((far) => withinLimits(far, schema)).filter(isOther);
  }
  return (isDate(value ?? null) || schema.format === "date" ? otherDates : otherNames).filter(isOther);
}

/** The sum of all numbers, each without its sign. */
const sizeOf = (given: JsonObject): number =>
  leavesOf(given).reduce((sum, { value }) => sum + (typeof value === "number" ? Math.abs(value) : 0), 0);

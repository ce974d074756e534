/**
 * A wrong but plausible path: the reference plan begun at other names, each call taking what the one before it really
 * gave. It looks like work, and the data say that it leads elsewhere.
 */
import { resolveArgument } from "../environment/reference.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Random } from "../random.ts";
import { operandLeaves } from "./arguments.ts";
import { type MadeCall, takenBy } from "./calls.ts";
import { explanationsOf, saysResult } from "./explanations.ts";
import type { Case } from "./gate.ts";
import { askingFor, rowAsked, saidOf, saysSame, type TableFacts, tableFacts } from "./table-facts.ts";

/** A call of the path that must not give the sub-answer of `call`. */
export interface WrongCall {
  readonly call: MadeCall;
  readonly given: JsonObject;
}

interface Step {
  readonly given: JsonObject;
  /** What the data give there; undefined where they have nothing, and the path ends. */
  readonly value: Json | undefined;
  /** Whether that is the call's own answer. */
  readonly isSame: boolean;
}

/** Draws of another name to begin with, until one leads to another answer. */
const mostDraws = 10;

/** One path from other names; calls that the data answer alike, such as the same country of two cities, are left out. */
export function wrongPath(subject: Case, calls: readonly MadeCall[], random: Random): WrongCall[] {
  const values = new Map<string, Json>();
  return calls.flatMap((call) => {
    const { arguments: reference } = call.reference;
    const sources = takenBy(call.reference);
    if (sources.some((id) => !values.has(id))) return [];
    const resolved = Object.fromEntries(
      Object.entries(reference).map(([name, argument]) => [
        name,
        resolveArgument(argument, (id) => values.get(id)!),
      ]),
    );
    const step = stepOf(subject, call, resolved, sources.length === 0, random);
    if (step?.value === undefined) return [];
    const { answerType, id } = call.sub;
    values.set(id, answerType === "number" ? Number(step.value) : String(step.value));
    return step.isSame ? [] : [{ call, given: step.given }];
  });
}

function stepOf(
  subject: Case,
  call: MadeCall,
  resolved: JsonObject,
  begins: boolean,
  random: Random,
): Step | undefined {
  const facts = tableFacts(subject, call);
  if (typeof facts === "string") return undefined;
  if (facts === undefined) {
    const value = computed(call, resolved);
    return { given: resolved, value, isSame: value === undefined || saysResult(call.sub.answer, value) };
  }
  const given = begins ? otherArguments(call, facts, resolved, random) : resolved;
  const row = rowAsked(facts, given);
  if (row === undefined) return undefined;
  return { given, value: saidOf(facts, facts.columns[0], row), isSame: saysSame(facts, row) };
}

function otherArguments(call: MadeCall, facts: TableFacts, given: JsonObject, random: Random): JsonObject {
  const rows = Object.keys(facts.table.rows);
  for (let draw = 0; draw < mostDraws; draw++) {
    const row = random.pick(rows);
    const isKnown = saidOf(facts, facts.columns[0], row) !== undefined && !saysSame(facts, row);
    const other = isKnown ? askingFor(facts, call, given, row) : undefined;
    if (other) return other;
  }
  return given;
}

/** By what explains the reference answer; undefined where that is not known. */
function computed({ given, sub }: MadeCall, other: JsonObject): string | undefined {
  const operandsOf = (from: JsonObject) => operandLeaves(from).map(({ value }) => value);
  const [first] = explanationsOf(operandsOf(given), sub.answer);
  return first?.of(operandsOf(other));
}

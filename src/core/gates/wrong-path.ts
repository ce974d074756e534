/**
 * A wrong but plausible path: the reference plan begun at other names, each call taking what the one before it really
 * gave. It looks like work, and the data say that it leads elsewhere.
 */
import { calculate, operations } from "../environment/calculation.ts";
import { resolveArgument, sourcesOf } from "../environment/reference.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Random } from "../random.ts";
import { answerMatches } from "../reward/match.ts";
import { type Leaf, leavesOf, operandLeaves, withLeaf } from "./arguments.ts";
import type { MadeCall } from "./calls.ts";
import type { Case } from "./gate.ts";
import { keyOf, type TableFacts, tableFacts } from "./table-facts.ts";

/** A call of the path that must not give the sub-answer of `call`. */
export interface WrongCall {
  readonly call: MadeCall;
  readonly given: JsonObject;
}

interface Step {
  readonly given: JsonObject;
  /** What the data give there; undefined where they have nothing, and the path ends. */
  readonly value: Json | undefined;
}

/** Draws of another name to begin with, until one leads to another answer. */
const mostDraws = 10;

/** One path from other names; calls that the data answer alike, such as the same country of two cities, are left out. */
export function wrongPath(subject: Case, calls: readonly MadeCall[], random: Random): WrongCall[] {
  const values = new Map<string, Json>();
  return calls.flatMap((call, i) => {
    const reference = subject.environment.referenceCalls[i]!.arguments;
    const sources = Object.values(reference).flatMap(sourcesOf);
    if (sources.some((id) => !values.has(id))) return [];
    const resolved = Object.fromEntries(
      Object.entries(reference).map(([name, argument]) => [
        name,
        resolveArgument(argument, (id) => values.get(id)!),
      ]),
    );
    const step = stepOf(subject, call, resolved, sources.length === 0, random);
    if (step?.value === undefined) return [];
    const { answer, answerType, id } = call.sub;
    values.set(id, answerType === "number" ? Number(step.value) : String(step.value));
    return answerMatches(answer, String(step.value)) ? [] : [{ call, given: step.given }];
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
  if (facts === undefined) return { given: resolved, value: computed(call, resolved) };
  const { table, field, key } = facts;
  const given = begins ? withLeaf(resolved, key.path, otherName(call, facts, random)) : resolved;
  const own = keyOf(table, leafAt(given, key.path));
  return { given, value: own === undefined ? undefined : table.rows[own]![field] };
}

function otherName({ sub }: MadeCall, { table: { rows }, own, field }: TableFacts, random: Random): string {
  const names = Object.keys(rows);
  for (let draw = 0; draw < mostDraws; draw++) {
    const name = random.pick(names);
    const value = rows[name]![field];
    if (value !== undefined && !answerMatches(sub.answer, String(value))) return name;
  }
  return own;
}

/** By the operation that explains the reference answer. */
function computed({ given, sub }: MadeCall, other: JsonObject): string | undefined {
  const operandsOf = (from: JsonObject) => operandLeaves(from).map(({ value }) => value);
  const operation = operations.find((one) => calculate(one, operandsOf(given)) === sub.answer);
  return operation && calculate(operation, operandsOf(other));
}

const leafAt = (given: JsonObject, path: Leaf["path"]): Leaf["value"] =>
  leavesOf(given).find((leaf) => leaf.path.join() === path.join())!.value;

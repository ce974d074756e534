/**
 * Calls that try a tool out: no arguments, garbage that fits the schema, what does not fit it, and the very literals its
 * code compares its parameters with, which is how its answers are found. The same tool gives the same calls.
 */
import type { Tool } from "../../src/core/environment/environment.ts";
import { garbageArguments, misfit } from "../../src/core/gates/arguments.ts";
import { seedOf } from "../../src/core/hash.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { seededRandom } from "../../src/core/random.ts";
import type { CodeFacts } from "./facts.ts";

const garbageCalls = 3;
/** Combinations of compared literals; nested conditions rarely need more. */
const mostGuesses = 96;

/** Calls that hold no knowledge of the tool's code. */
export function blindProbes({ document }: Tool): JsonObject[] {
  const { parameters, name } = document;
  const random = seededRandom(seedOf("ftrl", name));
  const garbage = Array.from({ length: garbageCalls }, () => garbageArguments(parameters, random));
  const fitting = garbage[0]!;
  return [
    {},
    ...garbage,
    { ...fitting, unknown_argument: 1 },
    ...parameters.required.map((required) => ({
      ...fitting,
      [required]: misfit(parameters.properties[required] ?? {}),
    })),
  ];
}

/** Calls made of what the code compares each parameter with. */
export function knowingProbes({ document }: Tool, { compared }: CodeFacts): JsonObject[] {
  const { properties, required } = document.parameters;
  const random = seededRandom(seedOf("ftrl", document.name));
  const base = garbageArguments({ type: "object", properties, required }, random);
  const names = Object.keys(properties).sort(
    (a, b) => Number(required.includes(b)) - Number(required.includes(a)) || (a < b ? -1 : 1),
  );
  let guesses: JsonObject[] = [
    Object.fromEntries(required.map((name) => [name, base[name] ?? "x"] as [string, Json])),
  ];
  for (const name of names) {
    const values = valuesFor(properties[name]!, Object.hasOwn(compared, name) ? compared[name]! : []);
    if (values.length === 0) continue;
    const withValue = values.flatMap((value) => guesses.map((given) => ({ ...given, [name]: value })));
    guesses = (required.includes(name) ? withValue : [...guesses, ...withValue]).slice(0, mostGuesses);
  }
  return guesses;
}

function valuesFor(schema: Readonly<Record<string, Json>>, literals: readonly string[]): Json[] {
  if (schema.type === "string") {
    const fitting = schema.enum
      ? (schema.enum as Json[]).filter((one) => literals.includes(String(one)))
      : literals;
    return fitting.length > 0 ? [...fitting] : [];
  }
  if (schema.type === "array") return literals.map((literal) => [literal]);
  if (schema.type === "number" || schema.type === "integer")
    return literals.map(Number).filter((value) => Number.isFinite(value));
  return [];
}

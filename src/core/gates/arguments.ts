/** Arguments made for probing: leaves of given ones replaced, garbage that fits a schema, and everything it could fit. */
import { dateOf } from "../environment/calculation.ts";
import type { ToolDocument } from "../environment/environment.ts";
import { canonicalJson, type Json, type JsonObject, ownMember } from "../json.ts";
import type { Random } from "../random.ts";
import { isDate } from "./date-spellings.ts";

export type Schema = Readonly<Record<string, Json>>;
type Parameters = ToolDocument["parameters"];

/** A value inside arguments and the way to it. */
export interface Leaf {
  readonly path: readonly (string | number)[];
  readonly value: string | number | boolean | null;
}

export function leavesOf(value: Json, path: readonly (string | number)[] = []): Leaf[] {
  if (Array.isArray(value)) return value.flatMap((member, i) => leavesOf(member as Json, [...path, i]));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, member]) => leavesOf(member as Json, [...path, name]));
  return [{ path, value: value as Leaf["value"] }];
}

export const leafAt = (given: JsonObject, path: Leaf["path"]): Leaf["value"] | undefined =>
  leavesOf(given).find((leaf) => leaf.path.join() === path.join())?.value;

/** Without the member that a path leads to. */
export function withoutLeaf<T extends Json>(value: T, [step, ...rest]: readonly (string | number)[]): T {
  const members = value as Readonly<Record<string | number, Json>>;
  if (rest.length > 0) return withLeaf(value, [step!], withoutLeaf(members[step!]!, rest));
  return Object.fromEntries(
    Object.entries(members).filter(([name]) => name !== String(step)),
  ) as unknown as T;
}

export function withLeaf<T extends Json>(value: T, path: readonly (string | number)[], leaf: Json): T {
  const [step, ...rest] = path;
  if (step === undefined) return leaf as T;
  if (Array.isArray(value))
    return value.map((member, i) =>
      i === step ? withLeaf(member as Json, rest, leaf) : member,
    ) as unknown as T;
  const members = value as JsonObject;
  return { ...members, [step]: withLeaf(members[step]!, rest, leaf) } as unknown as T;
}

/** Numbers and dates, those that no array holds first, as operations take them. */
export function operandLeaves(given: JsonObject): Leaf[] {
  const leaves = leavesOf(given).filter(({ value }) => typeof value === "number" || isDate(value));
  const listed = leaves.filter(({ path }) => path.some((step) => typeof step === "number"));
  return [...leaves.filter((leaf) => !listed.includes(leaf)), ...listed];
}

/** Text leaves that are free, not one of an enum's choices: names of entities. */
export function namesIn(given: JsonObject, parameters: Parameters): Leaf[] {
  return leavesOf(given).filter(
    ({ path, value }) => typeof value === "string" && schemaAt(parameters, path).enum === undefined,
  );
}

/** What describes the value at a path; empty where nothing does. */
export function schemaAt(parameters: Parameters, path: Leaf["path"]): Schema {
  return path.reduce<Schema>(
    (at, step) => {
      if (typeof step === "number") return (at.items ?? {}) as Schema;
      return ownMember((at.properties ?? {}) as Record<string, Schema>, step) ?? {};
    },
    parameters as unknown as Schema,
  );
}

/** Arguments that fit the schema and mean nothing: every required one, and some of the optional ones. */
export function garbageArguments({ properties, required }: Parameters, random: Random): JsonObject {
  return garbageObject(properties, required, random);
}

function garbageObject(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
  random: Random,
): JsonObject {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => required.includes(name) || random.next() < 0.3)
      .map(([name, schema]) => [name, garbageValue(schema, random)]),
  );
}

/** More than any list is asked to have. */
export const mostItems = 50;

/** What numbers are drawn from where a schema draws no limit, and how far beyond the one limit that it draws. */
const widestRange = 10_000;

function rangeOf({ type, minimum, maximum }: Schema): readonly [number, number] {
  const low = Number(minimum ?? Math.min(0, Number(maximum ?? 0) - widestRange));
  const high = Number(maximum ?? (low < widestRange ? widestRange : low + widestRange));
  return type === "integer" ? [Math.ceil(low), Math.floor(high)] : [low, high];
}

/** As near to the number as the schema's limits allow; whole where it wants whole numbers. */
export function withinLimits(value: number, schema: Schema): number {
  const [low, high] = rangeOf(schema);
  const near = schema.type === "integer" ? Math.round(value) : value;
  return Math.max(
    schema.minimum === undefined ? near : low,
    Math.min(schema.maximum === undefined ? near : high, near),
  );
}

/** Whether a value is one that the schema's limits leave out. */
export function isBeyondLimits(value: Json, { minimum, maximum, minLength, maxLength }: Schema): boolean {
  const isOutside = (size: number, low: Json | undefined, high: Json | undefined) =>
    (typeof low === "number" && size < low) || (typeof high === "number" && size > high);
  if (typeof value === "number") return isOutside(value, minimum, maximum);
  return typeof value === "string" && isOutside([...value].length, minLength, maxLength);
}

function garbageValue(schema: Schema, random: Random): Json {
  if (schema.enum) return random.pick(schema.enum as readonly Json[]);
  const [low, high] = rangeOf(schema);
  switch (schema.type) {
    case "boolean":
      return random.next() < 0.5;
    case "integer":
      return low + random.integer(high - low + 1);
    case "number":
      return Math.min(high, low + random.integer(high - low + 1) + 0.5);
    case "array": {
      const length = Math.min(
        Math.max(1, Number(schema.minItems ?? 1)),
        Number(schema.maxItems ?? mostItems),
      );
      return Array.from({ length }, () => garbageValue((schema.items ?? {}) as Schema, random));
    }
    case "object":
      return garbageObject(
        (schema.properties ?? {}) as Record<string, Schema>,
        (schema.required ?? []) as readonly string[],
        random,
      );
    default:
      if (schema.format === "date") return dateOf(random.integer(30_000));
      return textWithin(`zq${random.integer(1_000_000).toString(36)}vx`, schema);
  }
}

const textWithin = (text: string, { minLength = 0, maxLength = text.length }: Schema) =>
  text.padEnd(Number(minLength), "x").slice(0, Math.max(Number(minLength), Number(maxLength)));

/** A value that the schema does not allow; it can be recognized if it is echoed. */
export const sentinel = "zzsentinelzz";
export const misfit = (schema: Schema): Json =>
  schema.type === "string" && !schema.enum ? 7_351_902.25 : sentinel;

/**
 * All required arguments, each taking every value it could be meant to have: names for free text, numbers for operands,
 * each choice of an enum; and each of these with one optional argument that is not its default, for a selector may be
 * optional. No number is an operand twice: the mean of x and x is x, and nobody asks for it. At most `limit` combinations,
 * in a fixed order.
 */
export function plausibleArguments(
  { properties, required }: Parameters,
  names: readonly string[],
  numbers: readonly number[],
  limit: number,
): JsonObject[] {
  let combinations: JsonObject[] = [{}];
  for (const name of required) {
    const values = plausibleValues(ownMember(properties, name) ?? {}, names, numbers);
    combinations = combinations
      .flatMap((given) =>
        values.filter((value) => !repeatsOperand(given, value)).map((value) => ({ ...given, [name]: value })),
      )
      .slice(0, limit);
  }
  const options = Object.entries(properties).flatMap(([name, schema]) =>
    required.includes(name)
      ? []
      : plausibleValues(schema, names, numbers)
          .filter((value) => canonicalJson(value) !== canonicalJson(schema.default ?? null))
          .map((value) => ({ [name]: value })),
  );
  return [
    ...combinations,
    ...combinations.flatMap((given) => options.map((option) => ({ ...given, ...option }))),
  ].slice(0, limit);
}

/** Combinations of an object's members. */
const mostMembers = 500;

const repeatsOperand = (given: JsonObject, value: Json) =>
  typeof value === "number" && Object.values(given).includes(value);

/** Pairs of members that are tried, in either order. */
const mostPaired = 8;

/** Members one by one, in pairs and all together, as far as a list may be so short or so long. */
function plausibleLists({ items, minItems, maxItems }: Schema, members: readonly Json[]): Json[] {
  const [least, most] = [Number(minItems ?? 1), Number(maxItems ?? mostItems)];
  const [paired, all] = [members.slice(0, mostPaired), members.slice(0, most)];
  const areNumbers = ["number", "integer"].includes(String((items as Schema | undefined)?.type));
  // What is made of one number alone is that number.
  const lists = [
    ...(areNumbers ? [] : members.map((member) => [member])),
    ...paired.flatMap((one) => paired.filter((other) => other !== one).map((other) => [one, other])),
    ...(all.length > 2 || areNumbers ? [all] : []),
  ];
  return lists.filter(({ length }) => length >= Math.max(1, least) && length <= most);
}

function plausibleValues(schema: Schema, names: readonly string[], numbers: readonly number[]): Json[] {
  if (schema.enum) return [...(schema.enum as readonly Json[])];
  switch (schema.type) {
    case "string":
      return schema.format === "date" ? names.filter(isDate) : [...names];
    case "number":
    case "integer":
      return [...numbers];
    case "boolean":
      return [false, true];
    case "array":
      return plausibleLists(schema, plausibleValues((schema.items ?? {}) as Schema, names, numbers));
    case "object":
      return plausibleArguments(
        {
          type: "object",
          properties: (schema.properties ?? {}) as Record<string, Schema>,
          required: [...((schema.required ?? []) as readonly string[])],
        },
        names,
        numbers,
        mostMembers,
      );
    default:
      return [];
  }
}

/**
 * Calls that are wrong in one known way each: an argument too many, one missing, one that its schema does not allow, at
 * every level of the arguments; a name that nothing has, and one with a letter too many.
 */
import { environmentHash, type Tool } from "../environment/environment.ts";
import { tableOf } from "../environment/program.ts";
import { seedOf } from "../hash.ts";
import type { Json, JsonObject } from "../json.ts";
import { seededRandom } from "../random.ts";
import type { errorKinds } from "../synthesis/deploy/validation.ts";
import {
  garbageArguments,
  isBeyondLimits,
  leavesOf,
  misfit,
  mostItems,
  namesIn,
  type Schema,
  schemaAt,
  sentinel,
  withLeaf,
  withoutLeaf,
} from "./arguments.ts";
import { madeCalls } from "./calls.ts";
import { keyOf, type Table, tableFault } from "./data-table.ts";
import type { Case } from "./gate.ts";
import { tableFacts } from "./table-facts.ts";

type ErrorKind = (typeof errorKinds)[number];
type Path = readonly (string | number)[];

export interface WrongCall {
  readonly tool: Tool;
  readonly given: JsonObject;
  /** What the error may be called. */
  readonly kinds: readonly ErrorKind[];
  /** Whether a tool may know what was meant, and answer. */
  readonly isForgivable: boolean;
}

/** Several gates make them. */
const made = new WeakMap<Case, readonly WrongCall[]>();

export function wrongCalls(subject: Case): readonly WrongCall[] {
  const calls = made.get(subject) ?? [
    ...subject.environment.tools.flatMap((tool) => callsOf(subject, tool)),
    ...misspelt(subject),
  ];
  made.set(subject, calls);
  return calls;
}

/** The name of a row with a letter too many, once for each tool: who helps with its spelling may say no answer. */
function misspelt(subject: Case): WrongCall[] {
  const calls = madeCalls(subject);
  return calls.flatMap((call, i) => {
    const { tool, given } = call;
    const facts = tableFacts(subject, call);
    if (typeof facts !== "object" || calls.findIndex((other) => other.tool === tool) < i) return [];
    const [{ path, value }] = facts.keys;
    const isFree = namesIn(given, tool.document.parameters).some((name) => name.path.join() === path.join());
    const wrong = `${value}${String(value).at(-1)}`;
    const schema = schemaAt(tool.document.parameters, path);
    if (!isFree || keyOf(facts.table, wrong) !== undefined || isBeyondLimits(wrong, schema)) return [];
    const kinds = ["not_found", "invalid_argument"] as const;
    return [{ tool, given: withLeaf(given, path, wrong), kinds, isForgivable: true }];
  });
}

function callsOf(subject: Case, tool: Tool): WrongCall[] {
  const { parameters, name } = tool.document;
  const random = seededRandom(seedOf("errors", environmentHash(subject.environment), name));
  const everything = complete(parameters as unknown as Schema) as unknown as typeof parameters;
  const fitting = garbageArguments(parameters, random);
  const whole = garbageArguments(everything, random);
  const wrong = (given: JsonObject, ...kinds: readonly ErrorKind[]): WrongCall => ({
    tool,
    given,
    kinds,
    isForgivable: false,
  });
  const places = placesIn(parameters as unknown as Schema, whole);
  const objects = places.filter(({ schema }) => schema.type === "object");
  return [
    ...objects.map(({ path }) => wrong(withLeaf(whole, [...path, sentinel], sentinel), "unknown_argument")),
    ...objects.flatMap(({ path, schema }) =>
      requiredOf(schema).map((member) => wrong(withoutLeaf(whole, [...path, member]), "missing_argument")),
    ),
    ...places.slice(1).flatMap(({ path, schema, value, isRequired }) => {
      const isName = schema.type === "string" && schema.enum === undefined;
      return [
        ...misfits(schema, value).map((one) => wrong(withLeaf(whole, path, one), "invalid_argument")),
        ...malformed(schema).map((one) => wrong(withLeaf(whole, path, one), "invalid_argument", "not_found")),
        // Nothing may be taken for something left out.
        wrong(withLeaf(whole, path, null), "invalid_argument", "missing_argument"),
        ...(isName && isRequired
          ? [wrong(withLeaf(whole, path, ""), "invalid_argument", "missing_argument", "not_found")]
          : []),
      ];
    }),
    ...(findsNothing(subject, tool, fitting) ? [wrong(fitting, "not_found")] : []),
  ];
}

/** The schema with nothing optional, at every level. */
function complete(schema: Schema): Schema {
  switch (schema.type) {
    case "object":
      return {
        ...schema,
        properties: Object.fromEntries(
          Object.entries(propertiesOf(schema)).map(([name, property]) => [name, complete(property)]),
        ),
        required: Object.keys(propertiesOf(schema)),
      };
    case "array":
      return { ...schema, items: complete(itemsOf(schema)) };
    default:
      return schema;
  }
}

/** A value within arguments, with what describes it. */
interface Place {
  readonly path: Path;
  readonly schema: Schema;
  readonly value: Json;
  readonly isRequired: boolean;
}

/** The arguments themselves, every member at every level, and of each list the first. */
function placesIn(schema: Schema, value: Json, path: Path = [], isRequired = true): Place[] {
  const own = { path, schema, value, isRequired };
  if (schema.type === "array") {
    const [first] = value as readonly Json[];
    const items = itemsOf(schema);
    // What describes nothing leaves nothing out.
    return first === undefined || items.type === undefined
      ? [own]
      : [own, ...placesIn(items, first, [...path, 0])];
  }
  if (schema.type !== "object") return [own];
  const members = value as JsonObject;
  return [
    own,
    ...Object.entries(propertiesOf(schema)).flatMap(([name, property]) =>
      placesIn(property, members[name]!, [...path, name], requiredOf(schema).includes(name)),
    ),
  ];
}

const propertiesOf = ({ properties = {} }: Schema) => properties as Readonly<Record<string, Schema>>;
const requiredOf = ({ required = [] }: Schema) => required as readonly string[];
const itemsOf = ({ items = {} }: Schema) => items as Schema;

/** One of another type, and, where the schema draws limits, those beyond each. `valid` fits the schema. */
function misfits(schema: Schema, valid: Json): Json[] {
  const { type, minimum, maximum, minItems, maxItems } = schema;
  const values: Json[] = [misfit(schema)];
  if (typeof minimum === "number" && schema.enum === undefined) values.push(minimum - stepAt(minimum, type));
  if (typeof maximum === "number" && schema.enum === undefined) values.push(maximum + stepAt(maximum, type));
  if (type === "integer" && schema.enum === undefined) values.push((valid as number) + fraction);
  if (type === "string" && schema.enum === undefined) values.push(...textsBeyond(schema));
  if (type !== "array") return values;
  const members = valid as readonly Json[];
  if (typeof minItems === "number" && minItems > 0) values.push(members.slice(0, minItems - 1));
  if (typeof maxItems === "number" && maxItems < mostItems && members.length > 0)
    values.push(Array.from({ length: maxItems + 1 }, (_, i) => members[i % members.length]!));
  return values;
}

const fraction = 0.5;

/** The least that is certainly beyond a limit. */
const stepAt = (limit: number, type: Json | undefined) =>
  type === "integer" ? 1 : 1e-6 * Math.max(1, Math.abs(limit));

/** Texts that a format leaves out. A tool that looks dates up may say as well that it has none such. */
const malformed = ({ format, enum: choices }: Schema): Json[] =>
  format === "date" && choices === undefined ? [sentinel, "2021-13-45"] : [];

/** Texts that are longer are nobody's argument. */
const longestText = 1_000;

/** One too short, which is no empty text, and one too long. */
const textsBeyond = ({ minLength, maxLength }: Schema): string[] => [
  ...(typeof minLength === "number" && minLength > 1 ? ["z".repeat(minLength - 1)] : []),
  ...(typeof maxLength === "number" && maxLength < longestText
    ? [sentinel.padEnd(maxLength + 1, "z").slice(0, maxLength + 1)]
    : []),
];

/** Whether a tool that looks up has nothing to find: some name is free, and none of the arguments is a key. */
function findsNothing({ tables }: Case, tool: Tool, given: JsonObject): boolean {
  const data = tableOf(tool, tables);
  if (data === undefined || tableFault(data) !== undefined) return false;
  const keys = leavesOf(given).filter(({ value }) => keyOf(data as unknown as Table, value) !== undefined);
  const open = leavesOf(given).filter(({ value }) => typeof value === "number");
  return keys.length === 0 && (namesIn(given, tool.document.parameters).length > 0 || open.length > 0);
}

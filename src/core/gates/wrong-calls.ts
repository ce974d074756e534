/**
 * Calls that are wrong in one known way each: an argument too many, one missing, one that its schema does not allow, at
 * every level of the arguments; and a name that nothing has.
 */
import { environmentHash, type Tool } from "../environment/environment.ts";
import { seedOf } from "../hash.ts";
import type { Json, JsonObject } from "../json.ts";
import { seededRandom } from "../random.ts";
import type { errorKinds } from "../synthesis/deploy/validation.ts";
import {
  garbageArguments,
  leavesOf,
  misfit,
  namesIn,
  type Schema,
  sentinel,
  withLeaf,
  withoutLeaf,
} from "./arguments.ts";
import { keyOf, type Table, tableFault } from "./data-table.ts";
import type { Case } from "./gate.ts";

type ErrorKind = (typeof errorKinds)[number];
type Path = readonly (string | number)[];

export interface WrongCall {
  readonly tool: Tool;
  readonly given: JsonObject;
  /** What the error may be called. */
  readonly kinds: readonly ErrorKind[];
}

export function wrongCalls(subject: Case): WrongCall[] {
  return subject.environment.tools.flatMap((tool) => callsOf(subject, tool));
}

function callsOf(subject: Case, tool: Tool): WrongCall[] {
  const { parameters, name } = tool.document;
  const random = seededRandom(seedOf("errors", environmentHash(subject.environment), name));
  const everything = complete(parameters as unknown as Schema) as unknown as typeof parameters;
  const fitting = garbageArguments(parameters, random);
  const whole = garbageArguments(everything, random);
  const wrong = (given: JsonObject, ...kinds: readonly ErrorKind[]): WrongCall => ({ tool, given, kinds });
  const objects = objectsIn(parameters as unknown as Schema, whole);
  return [
    ...objects.map(({ path }) => wrong(withLeaf(whole, [...path, sentinel], sentinel), "unknown_argument")),
    ...objects.flatMap(({ path, schema }) =>
      requiredOf(schema).map((member) => wrong(withoutLeaf(whole, [...path, member]), "missing_argument")),
    ),
    ...objects.flatMap(({ path, schema }) =>
      Object.entries(propertiesOf(schema)).flatMap(([member, property]) => {
        const place = [...path, member];
        const isName = property.type === "string" && property.enum === undefined;
        return [
          ...misfits(property).map((value) => wrong(withLeaf(whole, place, value), "invalid_argument")),
          // Nothing may be taken for something left out.
          wrong(withLeaf(whole, place, null), "invalid_argument", "missing_argument"),
          ...(isName && requiredOf(schema).includes(member)
            ? [wrong(withLeaf(whole, place, ""), "invalid_argument", "missing_argument", "not_found")]
            : []),
        ];
      }),
    ),
    ...(findsNothing(subject, tool, fitting) ? [wrong(fitting, "not_found")] : []),
  ];
}

/** The schema with nothing optional, at every level. */
const complete = (schema: Schema): Schema =>
  schema.type === "object"
    ? {
        ...schema,
        properties: Object.fromEntries(
          Object.entries(propertiesOf(schema)).map(([name, property]) => [name, complete(property)]),
        ),
        required: Object.keys(propertiesOf(schema)),
      }
    : schema;

interface ObjectAt {
  readonly path: Path;
  readonly schema: Schema;
}

/** The arguments themselves, and every object within them. */
function objectsIn(schema: Schema, value: Json, path: Path = []): ObjectAt[] {
  const members = value as JsonObject;
  return [
    { path, schema },
    ...Object.entries(propertiesOf(schema)).flatMap(([name, property]) =>
      property.type === "object" ? objectsIn(property, members[name]!, [...path, name]) : [],
    ),
  ];
}

const propertiesOf = ({ properties = {} }: Schema) => properties as Readonly<Record<string, Schema>>;
const requiredOf = ({ required = [] }: Schema) => required as readonly string[];

/** One of another type, and, where the schema draws limits, those beyond each. */
function misfits(schema: Schema): Json[] {
  const { type, minimum, maximum, minItems, maxItems, items = {} } = schema;
  const member = () => misfits(items as Schema)[0]!;
  const values: Json[] = [misfit(schema)];
  if (typeof minimum === "number" && schema.enum === undefined) values.push(minimum - 1);
  if (typeof maximum === "number" && schema.enum === undefined) values.push(maximum + 1);
  if (type !== "array") return values;
  if (typeof minItems === "number" && minItems > 0) values.push([]);
  if (typeof maxItems === "number" && maxItems < mostItems)
    values.push(Array.from({ length: maxItems + 1 }, () => member()));
  return (items as Schema).type === undefined ? values : [...values, [member()]];
}

const mostItems = 50;

/** Whether a tool that looks up has nothing to find: some name is free, and none of the arguments is a key. */
function findsNothing({ tables }: Case, { document, table }: Tool, given: JsonObject): boolean {
  const data = table === undefined ? undefined : tables[table];
  if (data === undefined || tableFault(data) !== undefined) return false;
  const keys = leavesOf(given).filter(({ value }) => keyOf(data as unknown as Table, value) !== undefined);
  const open = leavesOf(given).filter(({ value }) => typeof value === "number");
  return keys.length === 0 && (namesIn(given, document.parameters).length > 0 || open.length > 0);
}

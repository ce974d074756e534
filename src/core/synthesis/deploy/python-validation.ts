/**
 * Python that checks arguments against the document's schema, with the errors, order and notions of number, list and
 * blank text of the JavaScript that `validation.ts` makes. What has to be given defaults to `...`, which no JSON holds, so
 * that leaving it out is the tool's own typed error.
 */
import type { ToolDocument } from "../../environment/environment.ts";
import type { Json } from "../../json.ts";
import { blanks } from "./python-library.ts";
import { expectation, type Schema } from "./validation.ts";

/** Defines `_fail`, then refuses unknown, missing and invalid arguments, in this order. `_others` holds the unknown. */
export function pythonValidationLines({ properties, required }: ToolDocument["parameters"]): string[] {
  return [
    "def _fail(_kind, _detail):",
    '    raise ValueError(_kind + ": " + _detail)',
    "if _others:",
    `    ${unknownArgument(properties)}`,
    ...memberLines(properties, required),
  ];
}

/** `a=..., b=1`: the signature's members, defaults taken from the schema. */
export const pythonParameters = (properties: Readonly<Record<string, Schema>>): string[] =>
  Object.entries(properties).map(([name, schema]) => `${name}=${defaultOf(schema)}`);

/** JSON as Python writes it. */
function pythonLiteral(value: Json): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map((member: Json) => pythonLiteral(member)).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([name, member]) => `${JSON.stringify(name)}: ${pythonLiteral(member)}`)
      .join(", ")}}`;
  return JSON.stringify(value);
}

const defaultOf = ({ default: standard }: Schema) =>
  standard === undefined ? "..." : pythonLiteral(standard);

const unknownArgument = (properties: Readonly<Record<string, Schema>>) =>
  `_fail("unknown_argument", ${JSON.stringify(`use only ${Object.keys(properties).join(", ")}`)})`;

function memberLines(properties: Readonly<Record<string, Schema>>, required: readonly string[]): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => [
    ...(required.includes(name)
      ? [`if ${name} is ...:`, `    _fail("missing_argument", ${JSON.stringify(`${name} is required`)})`]
      : []),
    ...valueLines(name, schema),
  ]);
}

function valueLines(name: string, schema: Schema): string[] {
  if (schema.type !== "object") return refuseUnless(condition(name, schema), name, expectation(schema));
  const properties = schema.properties as Record<string, Schema>;
  const known = pythonLiteral(Object.keys(properties));
  return [
    ...refuseUnless(`isinstance(${name}, dict)`, name, "an object"),
    `if any([_one not in ${known} for _one in ${name}]):`,
    `    ${unknownArgument(properties)}`,
    ...Object.entries(properties).map(
      ([member, inner]) => `${member} = ${name}.get(${JSON.stringify(member)}, ${defaultOf(inner)})`,
    ),
    ...memberLines(properties, schema.required as string[]),
  ];
}

const refuseUnless = (holds: string, name: string, expected: string) => [
  `if not (${holds}):`,
  `    _fail("invalid_argument", ${JSON.stringify(`${name} must be ${expected}`)})`,
];

/** A number that JavaScript would hold as a finite one; Python's booleans are numbers, and its integers have no end. */
const isFiniteNumber = (value: string) =>
  `isinstance(${value}, (int, float)) and not isinstance(${value}, bool) and abs(${value}) <= ${Number.MAX_VALUE}`;

function condition(value: string, schema: Schema): string {
  if (schema.enum) return `${value} in ${pythonLiteral(schema.enum)}`;
  const atLeast = schema.minimum === undefined ? "" : ` and ${value} >= ${schema.minimum}`;
  const atMost = schema.maximum === undefined ? "" : ` and ${value} <= ${schema.maximum}`;
  switch (schema.type) {
    case "string":
      return schema.format === "date"
        ? `isinstance(${value}, str) and len(${value}) == 10 and ${value}[4] == ${value}[7] == "-" and all([_digit in "0123456789" for _digit in ${value}[:4] + ${value}[5:7] + ${value}[8:]])`
        : `isinstance(${value}, str) and any([_letter not in ${blanks} for _letter in ${value}])`;
    case "boolean":
      return `isinstance(${value}, bool)`;
    case "integer":
      return `${isFiniteNumber(value)} and float(${value}).is_integer()${atLeast}${atMost}`;
    case "number":
      return `${isFiniteNumber(value)}${atLeast}${atMost}`;
    case "array":
      return `isinstance(${value}, list) and ${schema.minItems} <= len(${value}) <= ${schema.maxItems} and all([${condition("_item", schema.items as Schema)} for _item in ${value}])`;
    default:
      throw new TypeError(`no check for the schema type ${JSON.stringify(schema.type)}`);
  }
}

/**
 * JavaScript that checks arguments against the document's schema before a tool does anything. Errors are a closed set
 * of kinds with fixed texts made from the schema alone: stable, and unable to leak or echo what was passed.
 */
import type { ToolDocument } from "../../environment/environment.ts";
import type { Json } from "../../json.ts";

export type Schema = Readonly<Record<string, Json>>;

/** Kinds that a tool's error text begins with, before a colon. */
export const errorKinds = [
  "unknown_argument",
  "missing_argument",
  "invalid_argument",
  "not_found",
  "not_available",
] as const;

/** Defines `$fail`, then refuses unknown, missing and invalid arguments, in this order. */
export function validationLines(parameters: ToolDocument["parameters"]): string[] {
  return [
    'const $fail = (kind, detail) => { throw new Error(kind + ": " + detail); };',
    ...objectLines("arguments[0]", parameters.properties, parameters.required),
  ];
}

function objectLines(
  object: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
): string[] {
  const names = Object.keys(properties);
  return [
    `for (const $name of Object.keys(${object})) if (!${JSON.stringify(names)}.includes($name)) $fail("unknown_argument", ${quote(`use only ${names.join(", ")}`)});`,
    ...names.flatMap((name) => [
      ...(required.includes(name)
        ? [`if (${name} === undefined) $fail("missing_argument", ${quote(`${name} is required`)});`]
        : []),
      ...valueLines(name, properties[name]!),
    ]),
  ];
}

function valueLines(name: string, schema: Schema): string[] {
  if (schema.type !== "object") return [refuseUnless(condition(name, schema), name, expectation(schema))];
  const properties = schema.properties as Record<string, Schema>;
  return [
    refuseUnless(
      `typeof ${name} === "object" && ${name} !== null && !Array.isArray(${name})`,
      name,
      "an object",
    ),
    `const { ${bindings(properties)} } = ${name};`,
    ...objectLines(name, properties, schema.required as string[]),
  ];
}

/** `a, b = 1`: the bindings of a destructured object, defaults taken from the schema. */
export function bindings(properties: Readonly<Record<string, Schema>>): string {
  return Object.entries(properties)
    .map(([name, schema]) =>
      schema.default === undefined ? name : `${name} = ${JSON.stringify(schema.default)}`,
    )
    .join(", ");
}

const refuseUnless = (holds: string, name: string, expected: string) =>
  `if (!(${holds})) $fail("invalid_argument", ${quote(`${name} must be ${expected}`)});`;

function condition(value: string, schema: Schema): string {
  if (schema.enum) return `${JSON.stringify(schema.enum)}.includes(${value})`;
  const atLeast = schema.minimum === undefined ? "" : ` && ${value} >= ${schema.minimum}`;
  const atMost = schema.maximum === undefined ? "" : ` && ${value} <= ${schema.maximum}`;
  switch (schema.type) {
    case "string":
      return schema.format === "date"
        ? `typeof ${value} === "string" && /^\\d{4}-\\d{2}-\\d{2}$/.test(${value})`
        : `typeof ${value} === "string" && ${value}.trim() !== ""`;
    case "boolean":
      return `typeof ${value} === "boolean"`;
    case "integer":
      return `Number.isInteger(${value})${atLeast}${atMost}`;
    case "number":
      return `Number.isFinite(${value})${atLeast}${atMost}`;
    case "array":
      return `Array.isArray(${value}) && ${value}.length >= ${schema.minItems} && ${value}.length <= ${schema.maxItems} && ${value}.every((item) => ${condition("item", schema.items as Schema)})`;
    default:
      throw new TypeError(`no check for the schema type ${JSON.stringify(schema.type)}`);
  }
}

/** What an argument must be, in words. */
export function expectation(schema: Schema): string {
  if (schema.enum) return "one of the listed values";
  if (schema.format === "date") return "a date as YYYY-MM-DD";
  const range = schema.minimum === undefined ? "" : ` from ${schema.minimum} to ${schema.maximum}`;
  switch (schema.type) {
    case "string":
      return "a non-empty string";
    case "integer":
      return `a whole number${range}`;
    case "array":
      return `a list of ${schema.minItems} to ${schema.maxItems} ${(schema.items as Schema).type}s`;
    default:
      return `a ${schema.type}`;
  }
}

const quote = (text: string) => JSON.stringify(text);

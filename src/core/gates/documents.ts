/** Documents are valid, each signature says exactly what its document's schema says, and tables are tables. */
import { type Tool, toolDocumentSchema } from "../environment/environment.ts";
import { tableOf } from "../environment/program.ts";
import { canonicalJson, isObject, type Json, ownMember } from "../json.ts";
import type { Schema } from "./arguments.ts";
import { tableFault } from "./data-table.ts";
import { type Case, findingOf, type StaticGate } from "./gate.ts";
import { constantIn } from "./javascript-constant.ts";
import { signatureOf } from "./javascript-syntax.ts";
import { pythonSignatureOf } from "./python-syntax.ts";

const types: readonly Json[] = ["string", "number", "integer", "boolean", "array", "object"];

export const documentsGate: StaticGate = {
  kind: "static",
  gate: "documents",
  version: 7,
  judge: ({ environment, tables }: Case) => {
    const { tools } = environment;
    const names = tools.map(({ document }) => document.name);
    const twice = names.filter((name, i) => names.indexOf(name) !== i);
    const faults = tools.flatMap((tool) =>
      toolFaults(tool, tables).map((fault) => ({ name: tool.document.name, fault })),
    );
    return findingOf(
      [
        ...twice.map((name) => `${name}: two tools have this name`),
        ...faults.map(({ name, fault }) => `${name}: ${fault}`),
      ],
      `${tools.length} documents valid, signatures equal to schemas`,
      faults.map(({ name }) => name),
    );
  },
};

function toolFaults(tool: Tool, tables: Case["tables"]): string[] {
  const parsed = toolDocumentSchema.safeParse(tool.document);
  if (!parsed.success) return [`document: ${parsed.error.issues[0]!.message}`];
  const { properties, required } = tool.document.parameters;
  return [
    ...objectFaults(properties, required),
    ...signatureFaults(tool),
    ...(tool.table === undefined ? [] : [tableFault(tableOf(tool, tables)) ?? []].flat()),
  ];
}

function objectFaults(properties: Readonly<Record<string, Schema>>, required: readonly string[]): string[] {
  const unknown = required.filter((name) => !Object.hasOwn(properties, name));
  return [
    ...unknown.map((name) => `'${name}' is required but not described`),
    ...Object.entries(properties).flatMap(([name, schema]) =>
      isObject(schema)
        ? [
            ...(required.includes(name) === (schema.default !== undefined)
              ? [`'${name}' must either be required or have a default`]
              : []),
            ...schemaFaults(name, schema),
          ]
        : [`'${name}' has a schema that is no object`],
    ),
  ];
}

function schemaFaults(name: string, schema: Schema): string[] {
  if (!types.includes(schema.type!)) return [`'${name}' has the unknown type ${JSON.stringify(schema.type)}`];
  return [
    ...choiceFaults(name, schema),
    ...limitFaults(name, schema),
    ...unmetFaults(name, schema),
    ...(schema.type === "object" ? memberFaults(name, schema) : []),
    ...(schema.type === "array" && schema.items !== undefined
      ? isObject(schema.items)
        ? schemaFaults(`${name}[]`, schema.items)
        : [`'${name}' has items that are no schema`]
      : []),
  ];
}

function choiceFaults(name: string, { enum: choices, default: standard, type }: Schema): string[] {
  if (choices !== undefined && !Array.isArray(choices)) return [`'${name}' has an enum that is no list`];
  return [
    ...(choices && (choices.length === 0 || choices.some((choice: Json) => !fits(choice, type)))
      ? [`'${name}' has an enum that does not fit its type`]
      : []),
    ...(standard !== undefined && !fits(standard, type)
      ? [`'${name}' has a default that is no ${type}`]
      : []),
    ...(choices && standard !== undefined && !choices.includes(standard)
      ? [`'${name}' has a default outside its enum`]
      : []),
  ];
}

const limits = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"] as const;

function limitFaults(name: string, schema: Schema): string[] {
  const faults = limits
    .filter((limit) => schema[limit] !== undefined && typeof schema[limit] !== "number")
    .map((limit) => `'${name}' has a ${limit} that is no number`);
  const isEmpty = (low: Json | undefined, high: Json | undefined) =>
    typeof low === "number" && typeof high === "number" && low > high;
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  const noWhole =
    schema.type === "integer" &&
    typeof minimum === "number" &&
    typeof maximum === "number" &&
    Math.ceil(minimum) > maximum;
  return noWhole || isEmpty(minimum, maximum) || isEmpty(minLength, maxLength) || isEmpty(minItems, maxItems)
    ? [...faults, `'${name}' has limits that nothing fits`]
    : faults;
}

/** Keywords of JSON Schema that limit a value in ways that no gate can follow when it makes arguments. */
const unmet = (
  "pattern exclusiveMinimum exclusiveMaximum multipleOf uniqueItems contains prefixItems const anyOf oneOf allOf not if " +
  "$ref minProperties maxProperties patternProperties propertyNames dependentRequired"
).split(" ");

/** Of a tool that enforces one, made arguments would be refused for another reason than the one that is looked for. */
function unmetFaults(name: string, schema: Schema): string[] {
  if (schema.enum !== undefined) return [];
  const found = unmet.filter((keyword) => Object.hasOwn(schema, keyword));
  const { format } = schema;
  if (format !== undefined && format !== "date") found.push(`format ${JSON.stringify(format)}`);
  return found.map(
    (keyword) =>
      `'${name}' is limited by ${keyword}, and the gates can make no arguments that fit it: say it in the description, or list the values as an enum`,
  );
}

function memberFaults(name: string, { properties = {}, required = [] }: Schema): string[] {
  if (!isObject(properties) || !Array.isArray(required))
    return [`'${name}' has properties that are no object or a required that is no list`];
  return objectFaults(properties as Record<string, Schema>, required as readonly string[]).map(
    (fault) => `${name}.${fault}`,
  );
}

function fits(value: Json, type: Json | undefined): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    default:
      return typeof value === type;
  }
}

function signatureFaults({ document, runtime, code, table }: Tool): string[] {
  const signature = runtime === "python" ? pythonSignatureOf(code) : signatureOf(code);
  if (typeof signature === "string") return [signature];
  const { properties } = document.parameters;
  // Of Python, constants have been read as JSON.
  const written = (source: string | undefined) =>
    source === undefined || runtime === "python" ? source : literal(source);
  const names = [...new Set([...Object.keys(properties), ...Object.keys(signature.parameters)])];
  return [
    ...(signature.name === document.name ? [] : [`function is called '${signature.name}'`]),
    ...((signature.table === undefined) === (table === undefined)
      ? []
      : ["table parameter and table do not go together"]),
    ...names.flatMap((name) =>
      parameterFaults(
        name,
        ownMember(properties, name),
        Object.hasOwn(signature.parameters, name),
        written(ownMember(signature.parameters, name)),
      ),
    ),
  ];
}

function parameterFaults(
  name: string,
  schema: Schema | undefined,
  present: boolean,
  written?: string,
): string[] {
  if (!schema) return [`parameter '${name}' is not documented`];
  if (!present) return [`documented parameter '${name}' is not in the signature`];
  const described = schema.default === undefined ? undefined : canonicalJson(schema.default);
  return described === written
    ? []
    : [`parameter '${name}' defaults to ${written}, documented as ${described}`];
}

/** In whatever way a constant of JavaScript is written: 'km' says what "km" says. */
function literal(source: string): string {
  const constant = constantIn(source);
  return constant === undefined ? source : canonicalJson(constant);
}

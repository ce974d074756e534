/** Documents are valid, and each signature says exactly what its document's schema says. */
import { type Tool, toolDocumentSchema } from "../environment/environment.ts";
import { canonicalJson, type Json } from "../json.ts";
import { type Case, findingOf, type StaticGate } from "./gate.ts";
import { signatureOf } from "./javascript-syntax.ts";

type Schema = Readonly<Record<string, Json>>;

const types: readonly Json[] = ["string", "number", "integer", "boolean", "array", "object"];

export const documentsGate: StaticGate = {
  kind: "static",
  gate: "documents",
  version: 1,
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
    ...(tool.table !== undefined && tables[tool.table] === undefined ? ["its table is missing"] : []),
  ];
}

function objectFaults(properties: Readonly<Record<string, Schema>>, required: readonly string[]): string[] {
  const unknown = required.filter((name) => properties[name] === undefined);
  return [
    ...unknown.map((name) => `'${name}' is required but not described`),
    ...Object.entries(properties).flatMap(([name, schema]) => [
      ...(required.includes(name) === (schema.default !== undefined)
        ? [`'${name}' must either be required or have a default`]
        : []),
      ...schemaFaults(name, schema),
    ]),
  ];
}

function schemaFaults(name: string, schema: Schema): string[] {
  if (!types.includes(schema.type!)) return [`'${name}' has the unknown type ${JSON.stringify(schema.type)}`];
  const choices = schema.enum as readonly Json[] | undefined;
  const faults: string[] = [];
  if (choices && (choices.length === 0 || choices.some((choice) => !fits(choice, schema.type))))
    faults.push(`'${name}' has an enum that does not fit its type`);
  if (schema.default !== undefined && !fits(schema.default, schema.type))
    faults.push(`'${name}' has a default that is no ${schema.type}`);
  if (choices && schema.default !== undefined && !choices.includes(schema.default))
    faults.push(`'${name}' has a default outside its enum`);
  if (schema.type === "object")
    faults.push(
      ...objectFaults(
        (schema.properties ?? {}) as Record<string, Schema>,
        (schema.required ?? []) as readonly string[],
      ).map((fault) => `${name}.${fault}`),
    );
  if (schema.type === "array" && typeof schema.items === "object")
    faults.push(...schemaFaults(`${name}[]`, schema.items as Schema));
  return faults;
}

function fits(value: Json, type: Json | undefined): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

function signatureFaults({ document, runtime, code, table }: Tool): string[] {
  if (runtime !== "javascript") return [`this gate cannot read ${runtime} code yet`];
  const signature = signatureOf(code);
  if (typeof signature === "string") return [signature];
  const { properties } = document.parameters;
  const names = [...new Set([...Object.keys(properties), ...Object.keys(signature.parameters)])];
  return [
    ...(signature.name === document.name ? [] : [`function is called '${signature.name}'`]),
    ...((signature.table === undefined) === (table === undefined)
      ? []
      : ["table parameter and table do not go together"]),
    ...names.flatMap((name) =>
      parameterFaults(name, properties[name], name in signature.parameters, signature.parameters[name]),
    ),
  ];
}

function parameterFaults(
  name: string,
  schema: Schema | undefined,
  present: boolean,
  source?: string,
): string[] {
  if (!schema) return [`parameter '${name}' is not documented`];
  if (!present) return [`documented parameter '${name}' is not in the signature`];
  const described = schema.default === undefined ? undefined : canonicalJson(schema.default);
  const written = source === undefined ? undefined : literal(source);
  return described === written
    ? []
    : [`parameter '${name}' defaults to ${written}, documented as ${described}`];
}

/** Defaults are written as JSON, which is also JavaScript. */
function literal(source: string): string {
  try {
    return canonicalJson(JSON.parse(source));
  } catch {
    return source;
  }
}

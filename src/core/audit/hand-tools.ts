/** Tools as a person writes them, plainer than generated ones: each argument is checked, and one line does the work. */
import type { EnvironmentFile } from "../formats/environment-file.ts";
import type { Json } from "../json.ts";

export type HandTool = EnvironmentFile["tools"][number];
type Schema = Readonly<Record<string, Json>>;

export interface Written {
  readonly name: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, Schema>>;
  /** A table by its name in the file. */
  readonly table?: string;
  /** Ends in a return; `fail(kind, text)` throws, `tidy(text)` is how keys are written. */
  readonly body: string;
}

export function handTool({ name, description, properties, table, body }: Written): HandTool {
  const bindings = Object.entries(properties).map(([parameter, { default: standard }]) =>
    standard === undefined ? parameter : `${parameter} = ${JSON.stringify(standard)}`,
  );
  const required = Object.keys(properties).filter(
    (parameter) => properties[parameter]!.default === undefined,
  );
  return {
    document: {
      name,
      description,
      parameters: { type: "object", properties: copyOf(properties), required },
    },
    ...(table === undefined ? {} : { table }),
    code: [
      `function ${name}({ ${bindings.join(", ")} }${table === undefined ? "" : ", table"}) {`,
      '  const fail = (kind, text) => { throw new Error(kind + ": " + text); };',
      '  const tidy = (text) => text.trim().replace(/\\s+/g, " ").toLowerCase();',
      ...checks("arguments[0]", properties).map((line) => `  ${line}`),
      `  ${body}`,
      "}",
    ],
  };
}

const copyOf = (properties: Written["properties"]) =>
  JSON.parse(JSON.stringify(properties)) as Record<string, Record<string, Json>>;

function checks(object: string, properties: Readonly<Record<string, Schema>>): string[] {
  const names = Object.keys(properties);
  return [
    `for (const one of Object.keys(${object})) if (!${JSON.stringify(names)}.includes(one)) fail("unknown_argument", "there is no such argument");`,
    ...names.flatMap((name) => {
      const schema = properties[name]!;
      const value = `${object}.${name}`;
      const isMissing = `if (${value} === undefined) fail("missing_argument", "${name} is missing");`;
      const isWrong = `if (!(${condition(value, schema)})) fail("invalid_argument", "${name} is not as documented");`;
      const inner =
        schema.type === "object" ? checks(value, schema.properties as Readonly<Record<string, Schema>>) : [];
      return schema.default === undefined
        ? [isMissing, isWrong, ...inner]
        : [`if (${value} !== undefined) { ${isWrong} }`];
    }),
  ];
}

function condition(value: string, { type, enum: choices, minimum, maximum }: Schema): string {
  if (choices) return `${JSON.stringify(choices)}.includes(${value})`;
  const limits = [
    ...(minimum === undefined ? [] : [` && ${value} >= ${minimum}`]),
    ...(maximum === undefined ? [] : [` && ${value} <= ${maximum}`]),
  ].join("");
  switch (type) {
    case "string":
      return `typeof ${value} === "string" && ${value}.trim() !== ""`;
    case "integer":
      return `Number.isInteger(${value})${limits}`;
    case "number":
      return `Number.isFinite(${value})${limits}`;
    case "object":
      return `typeof ${value} === "object" && ${value} !== null && !Array.isArray(${value})`;
    default:
      return `typeof ${value} === "${type}"`;
  }
}

/** Environments as persons write them, of one table of places, in few words: for specs of what gates say of them. */
import { type EnvironmentFile, readEnvironmentFile } from "../../src/core/formats/environment-file.ts";
import { runGates } from "../../src/core/gates/run-gates.ts";
import { gateTable } from "../../src/core/gates/table.ts";
import type { Json } from "../../src/core/json.ts";
import { createVmSandbox } from "./vm-sandbox.ts";

export type Tool = EnvironmentFile["tools"][number];
type Schemas = Record<string, Record<string, Json>>;

export const places = ["Braholm", "Corufield", "Delawick", "Fenoton", "Goriath", "Halusta"];
export const founded = ["1971-03-04", "1969-07-20", "1988-11-30", "2001-01-09", "1950-06-15", "1932-12-01"];
export const mayors = ["Ann Bexley", "Carl Dunmore", "Eve Farrow", "Gus Holt", "Ida Jarvis", "Ken Lowell"];
export const people = [120345, 5626410, 987654, 343434, 777111, 1200300];
export const rowsOf = (make: (i: number) => Record<string, Json>) => ({
  aliases: {},
  rows: Object.fromEntries(places.map((name, i) => [name.toLowerCase(), make(i)])),
});
const table = rowsOf((i) => ({
  founded: founded[i]!,
  mayor: mayors[i]!,
  people: people[i]!,
  nickname: i % 2 === 0 ? null : `The ${mayors[i]} town`,
  next: places[(i + 1) % places.length]!,
}));

export const text = { type: "string", description: "A name." };
export const number = { type: "number", description: "A number." };
export const date = { type: "string", format: "date", description: "A date." };

const checks: Readonly<Record<string, (name: string) => string>> = {
  string: (name) => `typeof ${name} === "string" && ${name}.trim() !== ""`,
  number: (name) => `Number.isFinite(${name})`,
  integer: (name) => `Number.isInteger(${name})`,
  array: (name) =>
    `Array.isArray(${name}) && ${name}.length >= 2 && ${name}.every((one) => typeof one === "string")`,
};

/** A tool that checks its arguments; `body` ends in a return and may `fail(kind, text)`. */
export function tool(
  name: string,
  properties: Schemas,
  body: string,
  parameters = Object.keys(properties).join(", "),
): Tool {
  const names = Object.keys(properties);
  const isTable = body.includes("table");
  return {
    document: {
      name,
      description: "Says what it is called.",
      parameters: {
        type: "object",
        properties,
        required: names.filter((one) => properties[one]!.default === undefined),
      },
    },
    ...(isTable ? { table: "places" } : {}),
    code: [
      `function ${name}({ ${parameters} }${isTable ? ", table" : ""}) {`,
      'const fail = (kind, text) => { throw new Error(kind + ": " + text); };',
      `for (const one of Object.keys(arguments[0])) if (!${JSON.stringify(names)}.includes(one)) fail("unknown_argument", "none such");`,
      ...names.flatMap((one) => [
        `if (${one} === undefined) fail("missing_argument", "one is missing");`,
        `if (!(${checks[String(properties[one]!.type)]!(one)})) fail("invalid_argument", "one is wrong");`,
      ]),
      body,
      "}",
    ],
  };
}

export const row =
  'const row = table.rows[place.trim().toLowerCase()] ?? fail("not_found", "none has this name");';
export const lookUp = (name: string, said: string) => tool(name, { place: text }, `${row} return ${said};`);

export interface Step {
  readonly tool: Tool;
  readonly given: NonNullable<EnvironmentFile["referenceCalls"]>[number]["arguments"];
  readonly answer: string;
  readonly type?: "string" | "number" | "date";
  readonly needs?: string[];
}

export const value = (given: Json) => ({ value: given });
export const from = (id: string) => ({ from: id });

export function file(
  question: string,
  steps: readonly Step[],
  others: Partial<EnvironmentFile> = {},
): EnvironmentFile {
  return {
    format: "ratchet.environment-file.v1",
    question,
    answer: steps.at(-1)!.answer,
    subQuestions: steps.map(({ tool: { document }, answer, type = "string", needs = [] }, i) => ({
      id: `q${i + 1}`,
      tool: document.name,
      answer,
      answerType: type,
      dependsOn: needs,
    })),
    referenceCalls: steps.map(({ given }, i) => ({ subQuestion: `q${i + 1}`, arguments: given })),
    tools: [...new Set(steps.map((step) => step.tool))],
    tables: { places: table },
    ...others,
  };
}

/** The first gate that refuses it and why; undefined where none does. */
export async function refusalOf(written: EnvironmentFile): Promise<string | undefined> {
  const [judged] = await runGates([readEnvironmentFile(written, "FILE")], gateTable, createVmSandbox());
  return judged!.failure && `${judged!.failure.gate}: ${judged!.failure.finding.evidence}`;
}

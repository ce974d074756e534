/**
 * Planting: an environment that is sound, made unsound in one known way, so that what the gates let through can be
 * counted. The gates know nothing of this folder.
 */
import { parse } from "acorn";
import type { Environment, Tool } from "../environment/environment.ts";
import { type Leaf, leavesOf } from "../gates/arguments.ts";
import { type MadeCall, madeCalls } from "../gates/calls.ts";
import type { Table } from "../gates/data-table.ts";
import type { Case } from "../gates/gate.ts";
import { contentHash } from "../hash.ts";
import type { Json } from "../json.ts";
import type { Random } from "../random.ts";
import { tidyKey } from "../synthesis/deploy/lookup-key.ts";
import type { Sound } from "./origins.ts";

export interface Defect {
  readonly kind: string;
  /** The gate whose business it is. */
  readonly gate: string;
  /** Undefined where this environment cannot have the defect. */
  readonly plant: (subject: Sound, random: Random) => Case | undefined;
}

/** A change that leaves a sound environment sound; a gate that refuses the result is wrong. */
export interface Rewrite {
  readonly kind: string;
  readonly rewrite: (subject: Sound, random: Random) => Case | undefined;
}

/** What any question may begin with. */
export const openings = ["Please find out: ", "Here is what I need. ", "Using the tools, tell me: "];

export const withEnvironment = (subject: Case, change: Partial<Environment>): Case => ({
  ...subject,
  environment: { ...subject.environment, ...change },
});

export const withTool = (subject: Case, name: string, change: (tool: Tool) => Tool): Case =>
  withEnvironment(subject, {
    tools: subject.environment.tools.map((tool) => (tool.document.name === name ? change(tool) : tool)),
  });

/** The tool with another table, which other tools of the same table do not see. */
export function withTable(subject: Case, name: string, table: Json): Case {
  const hash = contentHash(table);
  const changed = withTool(subject, name, (tool) => ({ ...tool, table: hash }));
  return { ...changed, tables: { ...subject.tables, [hash]: table } };
}

/** A call that one argument asks for a row by, and one column answers. */
export interface LookedUp extends MadeCall {
  readonly facts: {
    readonly table: Table;
    readonly key: Leaf;
    readonly own: string;
    readonly field: string;
  };
}

/** Reference calls that read their answer from a table. */
export function lookups(subject: Sound): LookedUp[] {
  return madeCalls(subject).flatMap((call) => {
    const origin = subject.origins.find(({ subQuestion }) => subQuestion === call.sub.id);
    const hash = call.tool.table;
    if (!origin || hash === undefined) return [];
    const table = subject.tables[hash] as unknown as Table;
    const tidied = tidyKey(origin.name);
    const own = Object.hasOwn(table.aliases, tidied) ? table.aliases[tidied]! : tidied;
    const key = leavesOf(call.given).find(({ value }) => String(value) === origin.name);
    return key && Object.hasOwn(table.rows, own)
      ? [{ ...call, facts: { table, key, own, field: origin.column } }]
      : [];
  });
}

/** One of them, or undefined where every answer is computed. */
export function someLookup(subject: Sound, random: Random): LookedUp | undefined {
  const found = lookups(subject);
  return found.length > 0 ? random.pick(found) : undefined;
}

/**
 * The function with statements around what it did: `before` runs first; `after` finds the result in `$result`, or in
 * `$error` what was thrown, and must return or throw.
 */
export function around(tool: Tool, { before = "", after }: { before?: string; after?: string }): Tool {
  const [declared] = parse(tool.code, { ecmaVersion: 2022 }).body;
  if (declared?.type !== "FunctionDeclaration") throw new TypeError("tool code is one function");
  const head = tool.code.slice(0, declared.body.start);
  const body = tool.code.slice(declared.body.start, declared.body.end);
  const whole =
    after === undefined
      ? `{ ${before}\n${body.slice(1)}`
      : `{ ${before}\nlet $result; let $error; try { $result = (() => ${body})(); } catch ($thrown) { $error = $thrown; }\n${after} }`;
  return { ...tool, code: head + whole };
}

/** A value of the same column that another row has, far enough from the answer to be no match of it. */
export function anotherValue({ facts: { table, field }, sub }: LookedUp, random: Random): string | undefined {
  const others = Object.values(table.rows)
    .map((row) => row[field])
    .filter((value) => value !== undefined)
    .map(String)
    .filter((value) => value.length >= 3 && !value.includes(sub.answer) && !sub.answer.includes(value));
  return others.length > 0 ? random.pick(others) : undefined;
}

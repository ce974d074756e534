/**
 * An environment as a row of FTRL's. What was imported gives the very bytes of its row, and where it was changed since,
 * what differs alone is written: the row's other text stays as it is. An environment from elsewhere is written anew.
 */
import {
  type Environment,
  environmentHash,
  type Split,
  type Tool,
  unsolvedSet,
} from "../environment/environment.ts";
import { promptMessages } from "../environment/prompt.ts";
import { RatchetError } from "../errors.ts";
import { shortHash } from "../hash.ts";
import type { Json, JsonObject } from "../json.ts";
import { readJson } from "../trajectory/json-source.ts";
import { askingRole, contentText, importFtrlRow, instruction } from "./ftrl.ts";
import { isSameJson, jsonItems, mendedJson, withMembers } from "./mended-json.ts";

/** The row as JSON text. Throws InvalidInput for tools that FTRL's trainer could not run. */
export function exportFtrlRow(environment: Environment): string {
  const foreign = environment.tools.find(({ runtime, table }) => runtime !== "python" || table !== undefined);
  if (foreign)
    throw new RatchetError(
      "InvalidInput",
      `environment ${shortHash(environmentHash(environment))}: tool '${foreign.document.name}' is ${foreign.runtime}${foreign.table === undefined ? "" : " with a data table"}; FTRL's rows hold Python functions alone, so export environments whose tools are such`,
      { tool: foreign.document.name },
    );
  if (environment.origin) return mendedRow(environment.origin.row, environment);
  const fields = Object.entries(fieldsOf(environment)).map(([name, value]) => [
    name,
    isNested(name) ? JSON.stringify(value) : value,
  ]);
  return JSON.stringify(Object.fromEntries(fields));
}

const fieldsOf = (environment: Environment): JsonObject => ({
  messages: promptMessages(environment).map(({ role, content }) => ({ role, content })),
  tools: environment.tools.map(documented),
  codes: Object.fromEntries(environment.tools.map((tool) => [tool.document.name, tool.code])),
  unsolved_set: unsolvedSet(environment),
  solve_rate: 0,
  data_source: `self/${environment.scenario}`,
  split: environment.split satisfies Split,
  answer: environment.answer,
});

const documented = ({ document }: Tool): JsonObject => ({ type: "function", function: { ...document } });

/** Fields whose value a row holds as JSON text in a string. */
const isNested = (name: string) => name === "tools" || name === "codes" || name === "unsolved_set";

function mendedRow(row: string, environment: Environment): string {
  const imported = importFtrlRow(row, "origin");
  const { members } = readJson(row);
  const before = fieldsOf(imported);
  const after = fieldsOf(environment);
  const changed = Object.keys(after).filter((name) => !isSameJson(before[name], after[name]));
  if (changed.length === 0) return row;
  const changes = changed.map((name): [string, string] => {
    const text = members.get(name);
    if (name === "messages") return [name, mendedMessages(text!, imported, environment)];
    if (!isNested(name)) return [name, mendedJson(text, before[name], after[name]!)];
    const inner = (JSON.parse(text!) as string).trim();
    const mended =
      name === "tools"
        ? mendedTools(inner, imported.tools, environment.tools)
        : mendedJson(inner, before[name], after[name]!);
    return [name, JSON.stringify(mended)];
  });
  return withMembers(row.trim(), new Map(changes));
}

/** The question alone is another; what stands before it, and around it, is the row's own. */
function mendedMessages(text: string, imported: Environment, environment: Environment): string {
  const messages = jsonItems(text);
  const asking = messages.findIndex((message) => (readJson(message).value as JsonObject).role === askingRole);
  const { content } = readJson(messages[asking]!).value as JsonObject;
  const isInstructed = contentText.parse(content).startsWith(instruction);
  const asked = (by: Environment): Json => {
    const said = isInstructed ? promptMessages(by)[0]!.content : by.question;
    return { content: typeof content === "string" ? said : [{ type: "text", text: said }] };
  };
  const list = (by: Environment) => messages.map((_, i) => (i === asking ? asked(by) : null));
  return mendedJson(text, list(imported), list(environment));
}

/** Each tool in the text of the one that had its name. */
function mendedTools(text: string, before: readonly Tool[], after: readonly Tool[]): string {
  const texts = jsonItems(text);
  const mended = after.map((tool) => {
    const at = before.findIndex(({ document }) => document.name === tool.document.name);
    return mendedJson(texts[at], before[at] && documented(before[at]), documented(tool));
  });
  return `[${mended.join(", ")}]`;
}

/**
 * The same call in other words, which a tool has to understand: a name in another case or among blanks, the other names of
 * a row, and defaults written out.
 */
import type { JsonObject } from "../json.ts";
import type { Random } from "../random.ts";
import { answerMatches } from "../reward/match.ts";
import { isBeyondLimits, namesIn, schemaAt, withLeaf } from "./arguments.ts";
import { invocationOf, type MadeCall } from "./calls.ts";
import { keyOf, plainKey } from "./data-table.ts";
import { type Case, type Probe, textOf } from "./gate.ts";
import type { TableFacts } from "./table-facts.ts";

const mostAliases = 2;
/** Texts that are longer are nobody's argument. */
const longestText = 1_000;

/** Arguments that ask for a row, by its key or by another name. */
export interface AskedRow {
  readonly name: string;
  readonly row: string;
  readonly given: JsonObject;
}

/** Some of the other names that rows have, of those that one argument alone names. */
export function otherNamesOf(
  { tool, given }: MadeCall,
  { table, keys: [key, ...others] }: TableFacts,
  rows: ReadonlySet<string>,
  random: Random,
): AskedRow[] {
  const isFree = namesIn(given, tool.document.parameters).some(({ path }) => path.join() === key.path.join());
  if (!isFree || others.length > 0) return [];
  const limits = schemaAt(tool.document.parameters, key.path);
  const names = Object.entries(table.aliases).filter(
    ([name, row]) => rows.has(row) && keyOf(table, name) === row && !isBeyondLimits(name, limits),
  );
  return random
    .shuffle(names)
    .slice(0, mostAliases)
    .map(([name, row]) => ({ name, row, given: withLeaf(given, key.path, name) }));
}

/**
 * Of names in free text; numbers, dates and an enum's choices have one spelling. One that lower case does not lead back from is
 * another name (WEISSENBURG is not weißenburg), and so is one that the schema leaves out.
 */
export function spellingProbes(subject: Case, { tool, given, sub }: MadeCall, { keys }: TableFacts): Probe[] {
  const { parameters } = tool.document;
  const free = namesIn(given, parameters).map(({ path }) => path.join());
  return keys
    .filter(({ path }) => free.includes(path.join()) && schemaAt(parameters, path).format !== "date")
    .flatMap(({ path, value }) => {
      const name = String(value);
      const { maxLength } = schemaAt(parameters, path);
      const longest =
        typeof maxLength === "number" && maxLength < longestText ? [name.padEnd(maxLength)] : [];
      const spellings = [name.toUpperCase(), ` ${name.toLowerCase()}  `, ...longest].filter(
        (spelling) =>
          plainKey(spelling) === plainKey(name) && !isBeyondLimits(spelling, schemaAt(parameters, path)),
      );
      return spellings.map(
        (spelling): Probe => ({
          tool: tool.document.name,
          invocation: invocationOf(tool, withLeaf(given, path, spelling), subject),
          fault: (outcome) => {
            const text = textOf(outcome);
            if (!answerMatches(sub.answer, text)) return `'${spelling}' is not taken for '${name}'`;
            // Its blanks are nowhere in the data: they can only come from what was passed.
            const repeats = spelling.endsWith(" ") && text.includes(spelling);
            return repeats ? "an output repeats what was passed" : undefined;
          },
        }),
      );
    });
}

/** The same call in other words: by the other names of its row, and with every default written out. */
export function wordingProbes(subject: Case, call: MadeCall, facts: TableFacts, random: Random): Probe[] {
  const { tool, given, sub } = call;
  const aliases = otherNamesOf(call, facts, new Set([facts.own]), random);
  const defaults = Object.entries(tool.document.parameters.properties).flatMap(([name, schema]) =>
    schema.default === undefined ? [] : [[name, schema.default] as const],
  );
  const calls = aliases.map(({ name, given: other }) => ({ wording: `'${name}'`, arguments: other }));
  if (defaults.length > 0)
    calls.push({
      wording: "the call with its defaults written out",
      arguments: { ...Object.fromEntries(defaults), ...given },
    });
  return calls.map(({ wording, arguments: other }) => ({
    tool: tool.document.name,
    invocation: invocationOf(tool, other, subject),
    fault: (outcome) =>
      answerMatches(sub.answer, textOf(outcome)) ? undefined : `${wording} does not give '${sub.answer}'`,
  }));
}

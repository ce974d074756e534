/** Texts that Python code puts together from literals alone: "Par" "is", "Par" + "is", and names that stand for these. */
import { logicalLines, type Token } from "./python-tokens.ts";

/** No name and no answer is as long; doubling a text often enough makes one that fits into no memory. */
const longest = 100_000;

export function pythonLiterals(tokens: readonly Token[]): string[] {
  let constants: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const next = constantsIn(tokens, constants);
    if (next.size === constants.size) break;
    constants = next;
  }
  return runsOf(tokens, constants).map(({ text }) => text);
}

interface Run {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** Literals and constants in a row, with nothing or "+" between them; number after number is none. */
function runsOf(tokens: readonly Token[], constants: ReadonlyMap<string, string>): Run[] {
  const runs: Run[] = [];
  const said = (token: Token | undefined): string | undefined => {
    if (token?.kind === "string") return token.text;
    if (token?.kind === "number") return token.text.replaceAll("_", "");
    return token?.kind === "name" ? constants.get(token.text) : undefined;
  };
  for (let at = 0; at < tokens.length; at++) {
    let text = said(tokens[at]);
    if (text === undefined) continue;
    const from = at;
    for (;;) {
      const step = tokens[at + 1]?.kind === "operator" && tokens[at + 1]!.text === "+" ? 2 : 1;
      const next = said(tokens[at + step]);
      if (next === undefined) break;
      if (text.length + next.length > longest) break;
      text += next;
      at += step;
    }
    runs.push({ text, from, to: at });
  }
  return runs;
}

/** `name = literal` as a statement of its own, where only one statement gives the name a value. */
function constantsIn(
  tokens: readonly Token[],
  known: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const given = new Map<string, number>();
  for (const [name, equals, ...value] of logicalLines(tokens).flatMap(statementsIn)) {
    if (name?.kind !== "name" || equals?.text !== "=") continue;
    given.set(name.text, (given.get(name.text) ?? 0) + 1);
    const [run] = runsOf(value, known);
    if (run?.from === 0 && run.to === value.length - 1) found.set(name.text, run.text);
  }
  return new Map([...found].filter(([name]) => given.get(name) === 1));
}

function statementsIn(line: readonly Token[]): (readonly Token[])[] {
  const ends = line.flatMap(({ kind, text }, i) => (kind === "operator" && text === ";" ? [i] : []));
  return [...ends, line.length].map((end, i) => line.slice(i === 0 ? 0 : ends[i - 1]! + 1, end));
}

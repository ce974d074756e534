/**
 * Python code as tokens, for gates that read it without running it. An f-string is read into: its expressions are tokens
 * like all others. What is no token of Python's is an error that says so; that tokens make sense together is for Python
 * itself to judge, when the tool is called.
 */

export interface Token {
  readonly kind: "name" | "number" | "string" | "operator" | "end of line";
  /** As it is written; of a string what it says. */
  readonly text: string;
  /** Of the first token of a logical line: how far it is indented. */
  readonly indent?: number;
}

const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /(?:0[xXoObB][0-9a-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?)[jJ]?/y;
const operator =
  /\.\.\.|\*\*=|\/\/=|>>=|<<=|->|:=|==|!=|<=|>=|\*\*|\/\/|<<|>>|[+\-*/%@&|^]=|[-+*/%@&|^~<>=()[\]{}.,:;!]/y;
const blank = /(?:[ \t\f\r]|\\\r?\n|#[^\n]*)+/y;
const opening = /([rRbBuUfFtT]{0,2})("""|'''|"|')/y;

interface Reader {
  readonly code: string;
  at: number;
  readonly tokens: Token[];
}

/** The tokens, or what is wrong with the code. */
export function pythonTokens(code: string): readonly Token[] | string {
  // A lone carriage return ends a line of Python's too, and a comment with it.
  const reader: Reader = { code: code.replace(/\r\n?/g, "\n"), at: 0, tokens: [] };
  try {
    readTokens(reader, () => false);
  } catch (error) {
    if (error instanceof NoToken) return error.message;
    // Fields within fields are calls within calls, and the stack has an end.
    if (error instanceof RangeError) return "is nested too deeply to be read";
    throw error;
  }
  return [...reader.tokens, { kind: "end of line", text: "" }];
}

/** Logical lines, each with its indentation; one that is open in brackets or a string goes on. */
export function logicalLines(tokens: readonly Token[]): (readonly Token[])[] {
  const lines: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "end of line") lines.push([]);
    else lines.at(-1)!.push(token);
  }
  return lines.filter((line) => line.length > 0);
}

/** Brackets that are open at a place and were not at the one before it. */
export const depthAt = (tokens: readonly Token[], at: number, from = 0): number =>
  tokens.slice(from, at).reduce((depth, token) => depth + depthOf(token), 0);

/** What a token adds to the depth of brackets. */
export const depthOf = ({ kind, text }: Token): number =>
  kind !== "operator" ? 0 : "([{".includes(text) ? 1 : ")]}".includes(text) ? -1 : 0;

class NoToken extends Error {}

/** Reads until the end, or up to where `isEnd` says so of a character outside all brackets. */
function readTokens(reader: Reader, isEnd: (rest: string) => boolean): void {
  const { code, tokens } = reader;
  let depth = 0;
  let indent: number | undefined = 0;
  const add = (kind: Token["kind"], text: string) => {
    tokens.push(indent === undefined ? { kind, text } : { kind, text, indent });
    indent = undefined;
  };
  while (reader.at < code.length) {
    const skipped = take(reader, blank);
    if (indent !== undefined && skipped !== undefined) indent += widthOf(skipped);
    if (reader.at >= code.length) return;
    if (depth === 0 && isEnd(code.slice(reader.at, reader.at + 2))) return;
    if (code[reader.at] === "\n") {
      reader.at++;
      if (depth > 0) continue;
      tokens.push({ kind: "end of line", text: "" });
      indent = 0;
      continue;
    }
    const quoted = take(reader, opening);
    if (quoted !== undefined) {
      add("string", readString(reader, quoted));
      continue;
    }
    const [kind, text] = plainToken(reader);
    if ("([{".includes(text)) depth++;
    if (")]}".includes(text)) depth--;
    if (depth < 0) throw new NoToken(`syntax error: '${text}' closes nothing`);
    add(kind, text);
  }
  if (depth > 0) throw new NoToken("syntax error: a bracket is not closed");
}

function plainToken(reader: Reader): [Token["kind"], string] {
  for (const [kind, pattern] of [
    ["number", number],
    ["name", name],
    ["operator", operator],
  ] as const) {
    const text = take(reader, pattern);
    if (text !== undefined) return [kind, text];
  }
  throw new NoToken(`'${String.fromCodePoint(reader.code.codePointAt(reader.at)!)}' is no token of Python's`);
}

function take(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.code)?.[0];
  if (found === undefined || found === "") return undefined;
  reader.at += found.length;
  return found;
}

/** Blanks before a line's first token; what a joined line begins with does not count. */
const widthOf = (skipped: string) => (/[#\n]/.test(skipped) ? 0 : skipped.replaceAll("\r", "").length);

/** What a string says, up to its closing quotes; expressions in it become tokens, in brackets, before it. */
function readString(reader: Reader, start: string): string {
  const { code } = reader;
  const [, prefix = "", quotes = ""] = /^([a-zA-Z]*)(["']+)$/.exec(start)!;
  const [isRaw, isFormatted] = [/r/i.test(prefix), /[ft]/i.test(prefix)];
  let text = "";
  while (!code.startsWith(quotes, reader.at)) {
    const one = code[reader.at];
    if (one === undefined || (one === "\n" && quotes.length === 1))
      throw new NoToken("syntax error: a string is not closed");
    if (one === "\\") {
      const escaped = takeEscape(reader);
      text += isRaw ? escaped : unescaped(escaped);
    } else if (isFormatted && (one === "{" || one === "}")) {
      if (code[reader.at + 1] === one) {
        text += one;
        reader.at += 2;
      } else {
        readField(reader);
        text += "\0"; // what stands here is not said
      }
    } else {
      text += one;
      reader.at++;
    }
  }
  reader.at += quotes.length;
  return text;
}

/** `{expression!r:specification}` of an f-string; a specification may hold fields of its own. */
function readField(reader: Reader): void {
  const { code, tokens } = reader;
  reader.at++;
  tokens.push({ kind: "operator", text: "(" });
  readTokens(reader, (rest) => rest[0] === "}" || rest[0] === ":" || (rest[0] === "!" && rest[1] !== "="));
  tokens.push({ kind: "operator", text: ")" });
  while (code[reader.at] !== "}") {
    if (code[reader.at] === undefined) throw new NoToken("syntax error: a string is not closed");
    if (code[reader.at] === "{") readField(reader);
    else reader.at++;
  }
  reader.at++;
}

const escaping = /\\(?:[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|\r\n|[\s\S])/y;

function takeEscape(reader: Reader): string {
  const found = take(reader, escaping);
  if (found === undefined) throw new NoToken("syntax error: a string is not closed");
  return found;
}

const named: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
  "\r\n": "",
};

function unescaped(escaped: string): string {
  const body = escaped.slice(1);
  if (Object.hasOwn(named, body)) return named[body]!;
  if (/^[0-7]/.test(body)) return String.fromCharCode(Number.parseInt(body, 8));
  if (/^[xuU][0-9a-fA-F]+$/.test(body)) {
    const code = Number.parseInt(body.slice(1), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : escaped;
  }
  // A character by its name would have to be looked up; the code can write the character itself.
  if (body.startsWith("N{"))
    throw new NoToken("a string names a character by \\N, which this gate does not look up");
  return escaped;
}

/** JSON.parse lets the last of several equal keys win; in a file of tensors that would choose one of two answers in silence. */

const blanks = " \t\n\r";

/** A key that some object of a well-formed JSON text has twice, or undefined. By hand, for a header may be one text of 100 MB. */
export function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const mark = json[at]!;
    if (mark === "{" || mark === "[") open.push(new Set());
    else if (mark === "}" || mark === "]") open.pop();
    else if (mark === '"') {
      const end = endOfString(json, at);
      if (json[firstAfterBlanks(json, end)] === ":") {
        const key = JSON.parse(json.slice(at, end)) as string;
        const keys = open.at(-1)!;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** Past the closing quote of the string that begins at `begin`. */
function endOfString(json: string, begin: number): number {
  let at = begin + 1;
  while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at + 1;
}

function firstAfterBlanks(json: string, begin: number): number {
  let at = begin;
  while (at < json.length && blanks.includes(json[at]!)) at++;
  return at;
}

/** A member that an object of a JSON text has twice: readers keep the last alone, so what a person wrote first would be lost. */

interface Open {
  /** Of an object, the names it has so far; of a list, none. */
  readonly names: Set<string> | undefined;
  /** The member or the place that is being read. */
  at: string | number;
}

/** The marks that part a JSON text, and its strings whole: a pattern that reads these runs out of stack where one is long. */
function* tokensOf(json: string): Generator<string> {
  const mark = /["{}[\],:]/g;
  for (let found = mark.exec(json); found !== null; found = mark.exec(json)) {
    if (found[0] === '"') mark.lastIndex = endOfString(json, found.index);
    yield json.slice(found.index, mark.lastIndex);
  }
}

function endOfString(json: string, start: number): number {
  let end = start;
  let backslashes: number;
  do {
    end = json.indexOf('"', end + 1);
    backslashes = 0;
    while (json[end - 1 - backslashes] === "\\") backslashes += 1;
  } while (backslashes % 2 === 1);
  return end + 1;
}

/** The path of the first one; undefined where there is none. `json` is known to be JSON. */
export function repeatedName(json: string): string | undefined {
  const open: Open[] = [];
  let isName = false;
  for (const text of tokensOf(json)) {
    const inner = open.at(-1);
    if (text === "{" || text === "[") {
      open.push(text === "{" ? { names: new Set(), at: "" } : { names: undefined, at: 0 });
      isName = text === "{";
    } else if (text === "}" || text === "]") {
      open.pop();
      isName = false;
    } else if (text === ",") {
      if (inner?.names === undefined) inner!.at = Number(inner!.at) + 1;
      else isName = true;
    } else if (text !== ":" && isName) {
      isName = false;
      inner!.at = JSON.parse(text) as string;
      if (inner!.names!.has(inner!.at)) return open.map(({ at }) => at).join(".");
      inner!.names!.add(inner!.at);
    }
  }
  return undefined;
}

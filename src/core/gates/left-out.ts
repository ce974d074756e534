/**
 * Names that a question lists beside those the plan asks about, and that the same tool knows: "Denali, Elbrus or Aconcagua"
 * with a plan for two of them. Such a plan is not complete, and its answer may be another's.
 */
import { keyOf, type Table } from "./data-table.ts";

/** Of a name. */
const mostWords = 5;
/** Letters of a name in lower case: shorter words stand in any list. */
const leastLower = 4;
/** In the place of a name of the plan, in the question. */
const known = "\uE000";

/**
 * `spellings` are those of all names in the plan, as the question may write them. A name in lower case is looked for where the
 * plan's own are written so, as elements are: "many" is no town.
 */
export function leftOut(
  question: string,
  spellings: readonly string[],
  tables: readonly Table[],
): string | undefined {
  const marked = [...spellings]
    .sort((a, b) => b.length - a.length)
    .reduce((text, name) => text.replaceAll(wordsOf(name, "giu"), known), question);
  const pieces = marked.split(/\s*(?:[,;.?!:]|\band\b|\bor\b|&)\s*/u).map((piece) => piece.trim());
  const isKnown = (at: number) => pieces[at]?.includes(known) ?? false;
  const isLower = (name: string) => /^\p{Ll}/u.test(name);
  const areLower = spellings.some(
    (name) => isLower(name) && name.length >= leastLower && wordsOf(name, "u").test(question),
  );
  const mayBeMeant = (name: string) => !isLower(name) || (areLower && name.length >= leastLower);
  for (const [at, piece] of pieces.entries()) {
    if (isKnown(at) || !(isKnown(at - 1) || isKnown(at + 1))) continue;
    const name = namesIn(piece, isKnown(at - 1)).find(
      (one) => mayBeMeant(one) && tables.some((table) => keyOf(table, one) !== undefined),
    );
    if (name !== undefined) return name;
  }
  return undefined;
}

/** What a piece of a list may name: its last words, as in "the city of Bergen", and of one that may end it the first. */
function namesIn(piece: string, mayEnd: boolean): string[] {
  const words = piece.split(/\s+/).filter((word) => word !== "");
  const counts = Array.from({ length: Math.min(mostWords, words.length) }, (_, i) => i + 1).reverse();
  return [
    ...counts.map((count) => words.slice(-count).join(" ")),
    ...(mayEnd ? counts.map((count) => words.slice(0, count).join(" ")) : []),
  ];
}

const wordsOf = (name: string, flags: string) =>
  new RegExp(`(?<![\\p{L}\\p{N}])${escaped(name)}(?![\\p{L}\\p{N}])`, flags);

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

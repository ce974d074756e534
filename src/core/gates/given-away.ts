/**
 * Whether a text gives an answer away to who reads it: the answer itself, also without its accents or with other signs
 * between its letters, a date in words, a number in groups or in words. A short answer has to be a word of its own, for
 * "red" is no part of "required".
 */
import { normalizeAnswer } from "../reward/match.ts";
import { tidyKey } from "../synthesis/deploy/lookup-key.ts";
import { dateSpellings } from "./date-spellings.ts";
import { namesSaid } from "./names-said.ts";
import { numbersSaid } from "./number-words.ts";

/** From this length on, in characters, an answer within a longer word is read there as well: Ecuador in Ecuadorian. */
const leastWithin = 6;
/** A letter or a digit. */
const sign = /[\p{L}\p{N}]/u;
/** Smaller numbers stand in texts by chance. */
const leastNumber = 100;

export function givenAwayIn(text: string): (answer: string) => boolean {
  const written = ungrouped(text);
  const within = normalizeAnswer(text);
  const parted = written.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2");
  const saying = [...new Set([written, parted])].map(namesSaid);
  const says = (piece: string) => saying.some((isSaid) => isSaid(piece));
  let numbers: ReadonlySet<number> | undefined;
  const saysNumber = (value: number) => {
    numbers ??= numbersSaid(text);
    return numbers.has(value);
  };
  let spelled: ReturnType<typeof spelledIn> | undefined;
  const spells = (piece: string) => {
    spelled ??= spelledIn(text);
    return spelled(piece);
  };
  return (answer) =>
    answer.split(", ").every((piece) => {
      const sought = normalizeAnswer(piece);
      return (
        (sought.length >= leastWithin && within.includes(sought)) || says(ungrouped(piece)) || spells(piece)
      );
    }) ||
    dateSpellings(answer).some(says) ||
    (Math.abs(Number(answer)) >= leastNumber && saysNumber(Number(answer)));
}

/** Whether a text's letters say a name, whatever stands between them: ash_mark, ASH-MARK and a s h m a r k. */
function spelledIn(text: string): (name: string) => boolean {
  const units = tidyKey(text).split("");
  const isSign = units.map((unit) => sign.test(unit));
  const at = [...units.keys()].filter((i) => isSign[i]);
  const letters = at.map((i) => units[i]).join("");
  return (name) => {
    const own = tidyKey(name).split("");
    const sought = own.filter((unit) => sign.test(unit)).join("");
    const isWord = sign.test(own[0] ?? "") && sign.test(own.at(-1) ?? ""); // ".json" is more than "json"
    if (!isWord || sought.length < leastWithin || !/\p{L}/u.test(sought)) return false;
    for (let from = letters.indexOf(sought); from >= 0; from = letters.indexOf(sought, from + 1))
      if (!isSign[at[from]! - 1] && !isSign[at[from + sought.length - 1]! + 1]) return true;
    return false;
  };
}

/** "1,234" as "1234". */
const ungrouped = (text: string) => text.replace(/(?<=\d),(?=\d)/g, "");

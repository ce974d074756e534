/**
 * Whether a text gives an answer away to who reads it: the answer itself, also without its accents, a date in words, a
 * number in groups or in words. A short answer has to be a word of its own, for "red" is no part of "required".
 */
import { normalizeAnswer } from "../reward/match.ts";
import { dateSpellings } from "./date-spellings.ts";
import { namesSaid } from "./names-said.ts";
import { numbersSaid } from "./number-words.ts";

/** From this length on, in characters, an answer within a longer word is read there as well: Ecuador in Ecuadorian. */
const leastWithin = 6;
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
  return (answer) =>
    answer.split(", ").every((piece) => {
      const sought = normalizeAnswer(piece);
      return (sought.length >= leastWithin && within.includes(sought)) || says(ungrouped(piece));
    }) ||
    dateSpellings(answer).some(says) ||
    (Math.abs(Number(answer)) >= leastNumber && saysNumber(Number(answer)));
}

/** "1,234" as "1234". */
const ungrouped = (text: string) => text.replace(/(?<=\d),(?=\d)/g, "");

/** Which names a text says: as whole words, where a script parts words, whatever their case and accents. */
import { tidyKey } from "../synthesis/deploy/lookup-key.ts";

/** Letters of scripts that write words together, or endings to a name: a name may begin and end beside any of them. */
const runsOn =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
const isWord = (letter: string) => /[\p{L}\p{N}]/u.test(letter) && !runsOn.test(letter);

/** Whole words, without case and accents. */
export function namesSaid(said: string): (name: string) => boolean {
  const tidied = (written: string) => tidyKey(written).normalize("NFC"); // Hangul as syllables and not as their parts
  const text = tidied(said);
  return (name) => {
    const sought = tidied(name);
    const isEdge = (at: number) => !isWord(text[at] ?? "");
    const begins = isWord(sought[0] ?? "");
    const ends = isWord(sought.at(-1) ?? "");
    for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1))
      if ((!begins || isEdge(at - 1)) && (!ends || isEdge(at + sought.length))) return true;
    return false;
  };
}

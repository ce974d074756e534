/**
 * Whether a tool's output says an answer as FTRL's rule has it, and each piece of it ends where a word or a number does:
 * "971 miles" does not say "971 m", nor does "9710" say "971".
 */
import { answerMatches, normalizeAnswer } from "../reward/match.ts";
import { namesSaid } from "./names-said.ts";

export function saysWhole(answer: string, output: string): boolean {
  if (!answerMatches(answer, output)) return false;
  const parted = (text: string) => text.replace(/(?<=\p{N})(?=\p{L})|(?<=\p{L})(?=\p{N})/gu, " ");
  const saying = [output, normalizeAnswer(output)].map((text) => namesSaid(parted(text)));
  return answer
    .split(", ")
    .every((piece) =>
      [piece, normalizeAnswer(piece)].some((one) => saying.some((isSaid) => isSaid(parted(one)))),
    );
}

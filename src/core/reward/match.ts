/**
 * Whether a tool's output gives a sub-answer, as FTRL decides it (arXiv 2508.08791; bytedance/FTRL `answer_verify`):
 * lenient on case, commas and surrounding text, strict on nothing else. Short answers therefore match by accident;
 * keeping them out of environments is the gates' work, not this file's.
 */
import { strip } from "../trajectory/python-text.ts";

/** Lower case, no commas ("2,102,650" is "2102650"), no surrounding white space. */
export function normalizeAnswer(text: string): string {
  return strip(text.toLowerCase().replaceAll(",", ""));
}

/** True where each ", "-separated piece of `answer` is a substring of `output`, both normalized. */
export function answerMatches(answer: string, output: string): boolean {
  const given = normalizeAnswer(output);
  return answer.split(", ").every((piece) => given.includes(normalizeAnswer(piece)));
}

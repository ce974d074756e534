/** The one way a model file is refused: what was read, what is wrong with it, and what to do. */
import { RatchetError } from "../../core/errors.ts";

const nextStep = "fetch or export the file again";
/** A name or a list in a hostile file may be as long as the file, and a sentence is carried through a database. */
const mostLetters = 1000;
/** Half a character, which a file may hold and a cut may leave, is none that a database takes. */
const brief = (text: string) =>
  (text.length > mostLetters ? `${text.slice(0, mostLetters)}...` : text).replace(/\p{Cs}/gu, "\ufffd");

/** `problem` names the value and the limit, e.g. "its header says 9 GB but the file has 12 bytes". */
export function unreadable(
  file: string,
  problem: string,
  fields: Record<string, unknown> = {},
  cause?: unknown,
): RatchetError {
  return new RatchetError(
    "ModelUnreadable",
    `cannot read ${file}: ${brief(problem)}; ${nextStep}`,
    { file, ...briefly(fields) },
    cause,
  );
}

const briefly = (fields: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === "string" ? brief(value) : value]),
  );

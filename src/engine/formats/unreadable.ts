/** The one way a model file is refused: what was read, what is wrong with it, and what to do. */
import { RatchetError } from "../../core/errors.ts";

const nextStep = "fetch or export the file again";

/** `problem` names the value and the limit, e.g. "its header says 9 GB but the file has 12 bytes". */
export function unreadable(
  file: string,
  problem: string,
  fields: Record<string, unknown> = {},
  cause?: unknown,
): RatchetError {
  return new RatchetError(
    "ModelUnreadable",
    `cannot read ${file}: ${problem}; ${nextStep}`,
    { file, ...fields },
    cause,
  );
}

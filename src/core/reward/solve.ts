/**
 * Which sub-answers a turn's calls solve (arXiv 2508.08791, App. A; bytedance/FTRL `reward_score/tool.py`): a call
 * consumes at most one answer, only one that its own tool still owes, and an answer is consumed once.
 */
import { answerMatches } from "./match.ts";

/** Tool name -> the sub-answers it still owes: FTRL's `unsolved_set`. */
export type UnsolvedSet = Readonly<Record<string, readonly string[]>>;

export interface CallOutput {
  /** The tool that was called. */
  readonly name: string;
  /**
   * What answers are looked for in; null solves nothing. FTRL takes what the policy sees, an error's text included, and so
   * does `ratchet score`; in Ratchet's own rollouts a call that failed has none (docs/numerics.md, failed calls).
   */
  readonly output: string | null;
}

export interface SolvedTurn {
  readonly unsolved: UnsolvedSet;
  /** Per call the answer it consumed, or null. */
  readonly solvedPerCall: readonly (string | null)[];
}

/** Calls are judged in order; of the answers that a call's output matches, the first is consumed. */
export function solveTurn(unsolved: UnsolvedSet, calls: readonly CallOutput[]): SolvedTurn {
  let remaining = unsolved;
  const solvedPerCall = calls.map(({ name, output }) => {
    const owed = Object.hasOwn(remaining, name) ? remaining[name]! : [];
    const index = output === null ? -1 : owed.findIndex((answer) => answerMatches(answer, output));
    if (index < 0) return null;
    remaining = { ...remaining, [name]: owed.toSpliced(index, 1) };
    return owed[index]!;
  });
  return { unsolved: remaining, solvedPerCall };
}

/**
 * FTRL's verifiable reward of one response (arXiv 2508.08791; bytedance/FTRL `reward_score/tool.py`). These are rewards
 * of a turn; the evaluation metrics of the same names are sums over a trajectory and live with the evaluation.
 */
import { responseText } from "../trajectory/parse.ts";
import type { ToolFormat } from "../trajectory/tool-format.ts";
import { normalizeAnswer } from "./match.ts";

export const rewardKinds = ["solve-f1", "solve-p", "solve-r", "solve-pr"] as const;
export type RewardKind = (typeof rewardKinds)[number];

export interface JudgedTurn {
  /** What the policy said; end tokens may still be on it. */
  readonly text: string;
  /** How the policy was told to call tools. */
  readonly format: Pick<ToolFormat, "isSpoilt">;
  /** p: tool calls read from the text. */
  readonly calls: number;
  /** q: sub-answers newly solved by them. */
  readonly solved: number;
  /** t: sub-answers owed before the turn. */
  readonly unsolvedBefore: number;
  /** The final answer; null where there is none to state. */
  readonly answer: string | null;
  /** FTRL's `solve_rate` of the row; by default 1 where nothing is owed, else 0. */
  readonly solveRate?: number;
}

/**
 * With calls (p > 0), q of which solved something:
 *
 *   solve-f1  2q / (p + 1)      solve-p  q / p      solve-r  q      solve-pr  q * q / p
 *
 * Without: see `answerReward`. Range: [-0.5, max(1, q*q/p)], dimensionless.
 */
export function turnReward(kind: RewardKind, turn: JudgedTurn): number {
  const { calls: p, solved: q } = turn;
  if (p === 0) return answerReward(turn);
  switch (kind) {
    case "solve-f1":
      return (2 * q) / (p + 1);
    case "solve-p":
      return q / p;
    case "solve-r":
      return q;
    case "solve-pr":
      return (q * q) / p;
  }
}

/**
 * A response without a readable call: -0.5 empty; -0.3 where a call was spoilt; 1 / (1 + t) with the final answer in it
 * (case and commas aside, but never split into pieces as sub-answers are); 0.5 with everything solved; else 0.
 */
function answerReward({ text, format, unsolvedBefore, answer, solveRate }: JudgedTurn): number {
  const content = responseText(text);
  if (content === "") return -0.5;
  if (format.isSpoilt(content)) return -0.3;
  if (answer !== null && normalizeAnswer(content).includes(normalizeAnswer(answer)))
    return 1 / (1 + unsolvedBefore);
  return (solveRate ?? (unsolvedBefore === 0 ? 1 : 0)) === 1 ? 0.5 : 0;
}

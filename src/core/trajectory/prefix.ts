/** Turn-prefixes of a trajectory: each moment the policy was asked to respond, with all that it said there. */
import type { ScoredGroup } from "../learning/batch.ts";
import { countSolved, type Trajectory } from "./trajectory.ts";

/** A group for each turn (FTRL's sample_process); the response that the trajectory went on with comes first. */
export function prefixGroups({ tokens, turns }: Trajectory): ScoredGroup[] {
  return turns.map(({ from, length, logprobs, finish, reward, calls, siblings }) => ({
    prompt: tokens.slice(0, from),
    responses: [
      {
        tokens: tokens.slice(from, from + length),
        logprobs,
        finish,
        reward,
        calls: calls.length,
        solved: countSolved(calls),
      },
      ...siblings,
    ],
  }));
}

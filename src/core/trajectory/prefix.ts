/** Turn-prefixes of a trajectory: each moment the policy was asked to respond, with the state it was asked in. */
import type { Trajectory } from "./trajectory.ts";

export interface PrefixRow {
  readonly member: number;
  readonly environment: string;
  /** Which of its environment's trajectories it comes from. */
  readonly trajectory: number;
  readonly turn: number;
  /** Exactly the ids the policy saw. */
  readonly prompt: readonly number[];
  readonly unsolved: Trajectory["unsolved"];
}

/** One row for each turn (FTRL's sample_process). */
export function prefixRows(trajectory: Trajectory): PrefixRow[] {
  return trajectory.turns.map(({ from, unsolved }, turn) => ({
    member: trajectory.member,
    environment: trajectory.environment,
    trajectory: trajectory.twin,
    turn,
    prompt: trajectory.tokens.slice(0, from),
    unsolved,
  }));
}

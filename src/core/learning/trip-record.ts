/** How recorded trips are told apart, and which of them a training that is begun again may take as its own. */
import type { ReinforcementSettings, TrainingSettings } from "../experiment/input.ts";
import { contentHash } from "../hash.ts";
import type { TripRecord } from "../ports/runs.ts";

export const tripId = (trip: TripRecord): string => contentHash(trip);

/**
 * Settings that decide whether an iteration trips, as the input has them: those of another input say nothing of this one.
 * How many iterations there are, and how many shards are under way at once, decides nothing.
 */
export function judgedWith(training: TrainingSettings): string {
  const { iterations: _iterations, shardsInFlight: _shards, ...rest } = training as ReinforcementSettings;
  return contentHash(rest);
}

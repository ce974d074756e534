/** What a tripwire's trip leaves behind: a row for status and report, and a line in the stage's progress. */
import type { JsonObject } from "../core/json.ts";
import { tripId } from "../core/learning/trip-record.ts";
import type { TripRecord } from "../core/ports/runs.ts";
import type { CpuPorts } from "./ports.ts";
import { recordingIn, type StageProgress } from "./step.ts";

export const createTripActivities = ({ runs }: CpuPorts) => ({
  /** Gives the trip's id. */
  recordTrip: recordingIn(runs)(
    async ({ trip, progress }: { trip: TripRecord; progress: StageProgress }, own): Promise<string> => {
      await runs.putTrip(trip);
      await own.putProgress(trip.run, trip.stage, { ...progress } as JsonObject);
      return tripId(trip);
    },
  ),
});

/** What a person changed in a training under way, kept before the person is told that it holds. */
import type { ChangeRecord, StoredTrip } from "../core/ports/runs.ts";
import type { CpuPorts } from "./ports.ts";
import { guarded } from "./step.ts";

/** `trips` of its stage, where the change was made before and the asking workflow does not stand where it stood then. */
type RecordedChange = ChangeRecord & { readonly trips?: readonly StoredTrip[] };

export const createChangeActivities = ({ runs }: CpuPorts) => ({
  /** Gives what is kept: of a change that a reset sends again, the iteration it has held from all along. */
  recordChange: guarded(async (change: ChangeRecord): Promise<RecordedChange> => {
    const kept = await runs.putChange(change);
    if (kept.afterTrip === change.afterTrip) return kept;
    const trips = (await runs.tripsOf(change.run)).filter(({ stage }) => stage === change.stage);
    return { ...kept, trips };
  }),
});

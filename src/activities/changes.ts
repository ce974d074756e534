/** What a person changed in a training under way, kept before the person is told that it holds. */

import type { ChangeRecord } from "../core/ports/runs.ts";
import type { CpuPorts } from "./ports.ts";
import { guarded } from "./step.ts";

export const createChangeActivities = ({ runs }: CpuPorts) => ({
  /** Gives what is kept: of a change that a reset sends again, the iteration it has held from all along. */
  recordChange: guarded((change: ChangeRecord): Promise<ChangeRecord> => runs.putChange(change)),
});

/** Sampled trajectories as supervised data: whose, and which of them. */
import { z } from "zod";
import { storedNamePattern } from "../environment/build-name.ts";

export const filteredSchema = z
  .strictObject({
    from: z
      .string()
      .regex(
        storedNamePattern,
        "must be an evaluate stage of the experiment, RUN or RUN/STAGE of an evaluation or a calibration, or a content hash",
      )
      .describe(
        "Whose trajectories: an evaluate stage of the experiment, RUN or RUN/STAGE (in an experiment RUN/STAGE) of an evaluation or a calibration that is done, or its content hash. They were sampled in the training's own environments",
      ),
    minSolveF1: z.number().min(0).max(1).default(1).describe("Least Solve-F1 of a trajectory that is kept"),
    answerRight: z.boolean().default(true).describe("Whether its last turn must state the right answer"),
  })
  .describe(
    "Trains on sampled trajectories that pass, rather than on golden ones (see trajectories); absent, on golden ones",
  );
export type FilteredTrajectories = z.infer<typeof filteredSchema>;

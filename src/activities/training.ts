/** The batches of supervised training: of golden trajectories, or of sampled ones that pass a filter. */
import type { SupervisedSettings } from "../core/experiment/input.ts";
import type { JsonObject } from "../core/json.ts";
import { drawInEpochs } from "../core/learning/draw.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { TrainingRow } from "../core/ports/policy.ts";
import { goldenRows } from "./golden.ts";
import type { CpuPorts } from "./ports.ts";
import { filteredRows } from "./sampled.ts";
import { guarded, runStep, type StepContext, whileAlive } from "./step.ts";
import { stepVersions } from "./versions.ts";

export interface GoldenBatch {
  readonly context: StepContext;
  readonly policy: ArtifactRef;
  readonly environments: ArtifactRef;
  /** `trajectories.from` is a content hash by now. */
  readonly training: Pick<
    SupervisedSettings,
    "trajectories" | "epochs" | "maxTrajectories" | "batchSize" | "stepsPerUpdate"
  >;
}

/** What a training can take, by place: golden trajectories are made when they are asked for. */
interface Source {
  readonly size: number;
  readonly rows: (places: readonly number[]) => Promise<TrainingRow[]>;
}

export function createTrainingActivities(ports: CpuPorts) {
  const sourceOf = async ({ policy, environments, training }: GoldenBatch): Promise<Source> => {
    const atMost = (count: number) => Math.min(count, training.maxTrajectories ?? count);
    const codec = await ports.codec(policy);
    if (training.trajectories) {
      const rows = await filteredRows(ports, training.trajectories, environments, codec);
      return { size: atMost(rows.length), rows: async (places) => places.map((place) => rows[place]!) };
    }
    const set = await ports.environmentSet(environments);
    return {
      size: atMost(set.environments.length),
      rows: (places) =>
        goldenRows(
          places.map((place) => set.environments[place]!),
          set.tables,
          codec,
          ports.sandbox,
        ),
    };
  };

  return {
    /** Updates of the whole supervised run, so that the workflow knows how many iterations there are. */
    countGoldenUpdates: guarded(async (input: GoldenBatch): Promise<number> => {
      const { size } = await sourceOf(input);
      const { epochs, batchSize, stepsPerUpdate } = input.training;
      return Math.ceil((size * epochs) / (batchSize * stepsPerUpdate));
    }),

    assembleGoldenBatch: (input: GoldenBatch): Promise<ArtifactRef> =>
      runStep(ports.ledger, {
        kind: "golden-batch",
        version: stepVersions["golden-batch"],
        context: input.context,
        inputs: [
          input.policy.hash,
          input.environments.hash,
          input.training as unknown as JsonObject,
          input.context.seed,
          input.context.iteration,
        ],
        work: () =>
          whileAlive(async () => {
            const { batchSize, stepsPerUpdate, epochs } = input.training;
            const wanted = batchSize * stepsPerUpdate;
            const from = (input.context.iteration - 1) * wanted;
            const { size, rows: rowsAt } = await sourceOf(input);
            const to = Math.min(from + wanted, size * epochs);
            const rows = await rowsAt(drawInEpochs(size, from, to, input.context.seed));
            const miniBatches = Array.from({ length: Math.ceil(rows.length / batchSize) }, (_, i) =>
              rows.slice(i * batchSize, (i + 1) * batchSize),
            );
            return { result: await ports.artifacts.putJson("batch", miniBatches) };
          }),
      }),
  };
}

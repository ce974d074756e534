/** The golden batches of supervised training. */
import type { EnvironmentSet } from "../core/environment/environment.ts";
import type { SupervisedSettings } from "../core/experiment/input.ts";
import type { JsonObject } from "../core/json.ts";
import { drawInEpochs } from "../core/learning/draw.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { goldenRows } from "./golden.ts";
import type { CpuPorts } from "./ports.ts";
import { guarded, runStep, type StepContext, whileAlive } from "./step.ts";

export interface GoldenBatch {
  readonly context: StepContext;
  readonly policy: ArtifactRef;
  readonly environments: ArtifactRef;
  readonly training: Pick<SupervisedSettings, "epochs" | "maxTrajectories" | "batchSize" | "stepsPerUpdate">;
}

export function createTrainingActivities(ports: CpuPorts) {
  return {
    /** Updates of the whole supervised run, so that the workflow knows how many iterations there are. */
    countGoldenUpdates: guarded(async (input: GoldenBatch): Promise<number> => {
      const size = trajectoriesOf(input, await ports.environmentSet(input.environments));
      const { epochs, batchSize, stepsPerUpdate } = input.training;
      return Math.ceil((size * epochs) / (batchSize * stepsPerUpdate));
    }),

    assembleGoldenBatch: (input: GoldenBatch): Promise<ArtifactRef> =>
      runStep(ports.ledger, {
        kind: "golden-batch",
        version: 1,
        context: input.context,
        inputs: [
          input.policy.hash,
          input.environments.hash,
          { ...input.training } as JsonObject,
          input.context.seed,
          input.context.iteration,
        ],
        work: () =>
          whileAlive(async () => {
            const set = await ports.environmentSet(input.environments);
            const codec = await ports.codec(input.policy);
            const { batchSize, stepsPerUpdate, epochs } = input.training;
            const wanted = batchSize * stepsPerUpdate;
            const from = (input.context.iteration - 1) * wanted;
            const size = trajectoriesOf(input, set);
            const last = size * epochs;
            const order = drawInEpochs(size, from, Math.min(from + wanted, last), input.context.seed);
            const rows = await goldenRows(
              order.map((member) => set.environments[member]!),
              set.tables,
              codec,
              ports.sandbox,
            );
            const miniBatches = Array.from({ length: Math.ceil(rows.length / batchSize) }, (_, i) =>
              rows.slice(i * batchSize, (i + 1) * batchSize),
            );
            return { result: await ports.artifacts.putJson("batch", miniBatches) };
          }),
      }),
  };
}

const trajectoriesOf = ({ training }: GoldenBatch, { environments }: EnvironmentSet) =>
  Math.min(environments.length, training.maxTrajectories ?? environments.length);

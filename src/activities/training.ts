/** Which environments an iteration takes, and the golden batches of supervised training. */
import type { EnvironmentSet } from "../core/environment/environment.ts";
import type { SupervisedSettings } from "../core/experiment/input.ts";
import { seedOf } from "../core/hash.ts";
import type { JsonObject } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { seededRandom } from "../core/random.ts";
import { goldenRows } from "./golden.ts";
import type { CpuPorts } from "./ports.ts";
import type { Place } from "./rollouts.ts";
import { guarded, runStep, type StepContext, whileAlive } from "./step.ts";

export interface PlanIteration {
  readonly context: StepContext;
  readonly environments: ArtifactRef;
  /** Environments of one iteration, drawn without replacement, epoch after epoch. */
  readonly count: number;
  readonly shardSize: number;
}

export interface GoldenBatch {
  readonly context: StepContext;
  readonly policy: ArtifactRef;
  readonly environments: ArtifactRef;
  readonly training: Pick<SupervisedSettings, "epochs" | "maxTrajectories" | "batchSize" | "stepsPerUpdate">;
}

export function createTrainingActivities(ports: CpuPorts) {
  return {
    planIteration: guarded(async (input: PlanIteration): Promise<Place[][]> => {
      const { environments } = await ports.environmentSet(input.environments);
      const drawn = drawMembers(environments.length, input.count, input.context);
      const members = drawn.map((member, i) => ({
        member,
        twin: drawn.slice(0, i).filter((other) => other === member).length,
      }));
      return Array.from({ length: Math.ceil(members.length / input.shardSize) }, (_, i) =>
        members.slice(i * input.shardSize, (i + 1) * input.shardSize),
      );
    }),

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
            const order = goldenOrder(size, from, Math.min(from + wanted, last), input.context.seed);
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

/** Each epoch is one seeded permutation of the set; iterations take consecutive slices of the epochs' concatenation. */
function drawMembers(size: number, count: number, context: StepContext): number[] {
  const from = (context.iteration - 1) * count;
  return goldenOrder(size, from, from + count, seedOf(context.seed, context.stage));
}

function goldenOrder(size: number, from: number, to: number, seed: number): number[] {
  const epochs = new Map<number, number[]>();
  const permutation = (epoch: number) => {
    const known = epochs.get(epoch);
    if (known) return known;
    const members = seededRandom(seedOf(seed, "epoch", epoch)).shuffle(
      Array.from({ length: size }, (_, i) => i),
    );
    epochs.set(epoch, members);
    return members;
  };
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => {
    const at = from + i;
    return permutation(Math.floor(at / size))[at % size]!;
  });
}

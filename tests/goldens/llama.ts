/** The tiny Llamas of `llama.py`, as the engine's own types. */
import type {
  LossSettings,
  OptimizerSettings,
  TrainingRow,
  UpdateMetrics,
} from "../../src/core/ports/policy.ts";
import { parseLlamaConfig } from "../../src/engine/model/config.ts";
import { emptyWeights, tensorOf, type Weights } from "../../src/engine/model/weights.ts";
import json from "./fixtures/llama.json" with { type: "json" };

type Tensors = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>
>;

interface ValuesGolden {
  readonly config: object;
  readonly weights: Tensors;
  readonly rows: readonly {
    readonly prompt: readonly number[];
    readonly response: readonly number[];
    readonly logp: readonly number[];
    readonly entropy: readonly number[];
    /** The loss is sum dLogp logp + dEntropy entropy. */
    readonly dLogp: readonly number[];
    readonly dEntropy: readonly number[];
  }[];
  readonly gradients: Tensors;
}

export interface UpdateGolden {
  readonly config: object;
  readonly weights: Tensors;
  readonly reference: Tensors;
  readonly miniBatches: readonly (readonly TrainingRow[])[];
  readonly loss: LossSettings;
  readonly optimizer: OptimizerSettings;
  readonly after: Tensors;
  readonly metrics: Readonly<Partial<UpdateMetrics>>;
}

interface AdamGolden {
  readonly start: readonly number[];
  readonly steps: readonly {
    readonly gradient: readonly number[];
    readonly norm: number;
    readonly weights: readonly number[];
  }[];
}

export const llamaGoldens = json as unknown as {
  readonly tied: ValuesGolden;
  readonly untied: ValuesGolden;
  readonly update: UpdateGolden;
  readonly adamw: AdamGolden;
};

/** Weights of a golden; every tensor of the model must be there. */
export function goldenWeights(config: object, tensors: Tensors): Weights {
  const weights = emptyWeights(parseLlamaConfig(config));
  for (const name of weights.tensors.keys()) tensorOf(weights, name).data.set(tensors[name]!.data);
  return weights;
}

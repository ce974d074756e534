/** What `lora.py` says of adapters and learning rates, as the engine's own types. */
import type {
  LearningRateSchedule,
  LoraSettings,
  OptimizerSettings,
  UpdateMetrics,
} from "../../src/core/ports/policy.ts";
import { emptyAdapter } from "../../src/engine/model/adapter.ts";
import { parseLlamaConfig } from "../../src/engine/model/config.ts";
import { type Adapter, tensorOf } from "../../src/engine/model/weights.ts";
import json from "./fixtures/lora.json" with { type: "json" };
import { llamaGoldens } from "./llama.ts";

type Tensors = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>
>;

export const loraGoldens = json as unknown as {
  /** Base, reference, rows and loss are those of `llamaGoldens.update`. */
  readonly adapter: {
    readonly lora: LoraSettings;
    readonly optimizer: OptimizerSettings;
    readonly before: Tensors;
    /** Of the first mini-batch, at `before`. */
    readonly gradients: Tensors;
    readonly after: Tensors;
    readonly metrics: Readonly<Partial<UpdateMetrics>>;
    /** Some of the weights after the update, the adapter added in. */
    readonly merged: Tensors;
  };
  /** Of peft's draw of A [64, inputs] and B. */
  readonly initial: {
    readonly inputs: number;
    readonly largest: number;
    readonly variance: number;
    readonly b: number;
  };
  readonly learningRate: number;
  /** The rate of each step, from the first on. */
  readonly schedules: readonly {
    readonly schedule: LearningRateSchedule;
    readonly rates: readonly number[];
  }[];
};

/** The golden's adapter; every matrix must be there. */
export function goldenAdapter(tensors: Tensors): Adapter {
  const adapter = emptyAdapter(parseLlamaConfig(llamaGoldens.update.config), loraGoldens.adapter.lora);
  for (const name of adapter.tensors.keys()) tensorOf(adapter, name).data.set(tensors[name]!.data);
  return adapter;
}

/**
 * Gradients of SmolLM2's real weights against torch's: of a packed tree of rows, supervised and by the clipped loss, every
 * tensor by its norm, by its product with fixed signs (which no entry in a wrong place survives) and by some entries.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LossSettings, TrainingRow } from "../src/core/ports/policy.ts";
import { readWeights } from "../src/engine/formats/checkpoint.ts";
import { ropeTables } from "../src/engine/model/rope-tables.ts";
import { emptyWeights, tensorOf, type Weights } from "../src/engine/model/weights.ts";
import { Runtime } from "../src/engine/runtime/session.ts";
import { packMiniBatch, trainMiniBatch } from "../src/engine/training/mini-batch.ts";
import { golden, smolLM2Folder, withoutSmolLM2 } from "./parity-policy.ts";

interface TensorGolden {
  readonly norm: number;
  /** Sum of the entries, each with the sign that its place has. */
  readonly signed: number;
  readonly entries: readonly (readonly [place: number, value: number])[];
}
interface GradientGoldens {
  readonly rows: readonly TrainingRow[];
  readonly cases: Readonly<
    Record<
      "sft" | "policy",
      {
        readonly loss: LossSettings;
        readonly gives: { readonly loss: number; readonly tensors: Readonly<Record<string, TensorGolden>> };
      }
    >
  >;
}

const { rows, cases } = golden<GradientGoldens>("smollm2-gradients.json");

const signAt = (place: number) => (Math.imul(place, 2_654_435_761) < 0 ? -1 : 1);

/** How far a tensor's gradient is off: each measure's error as a share of the tensor's norm. */
function errorsOf(data: Float32Array, { norm, signed, entries }: TensorGolden) {
  let [squares, sum] = [0, 0];
  for (let place = 0; place < data.length; place++) {
    squares += data[place]! ** 2;
    sum += signAt(place) * data[place]!;
  }
  return {
    norm: Math.abs(Math.sqrt(squares) - norm) / norm,
    signed: Math.abs(sum - signed) / norm,
    entries: Math.max(...entries.map(([place, value]) => Math.abs(data[place]! - value))) / norm,
  };
}

describe.skipIf(withoutSmolLM2())("gradients of SmolLM2-135M-Instruct", () => {
  const runtime = new Runtime({ threads: 2, provider: "cpu", sessionCapacity: 16 });
  let weights: Weights;
  beforeAll(async () => {
    weights = await readWeights(await smolLM2Folder());
  });
  afterAll(() => runtime.release());

  it.each(["sft", "policy"] as const)(
    "are torch's, of the %s loss over rows packed as a tree",
    async (name) => {
      const { loss, gives } = cases[name];
      const batch = packMiniBatch(rows, 1024);
      expect(batch.packs).toHaveLength(1);
      const context = { runtime, tables: ropeTables(weights.config), keptBytes: 2 ** 30, tick: () => {} };
      const gradients = emptyWeights(weights.config);
      const sums = await trainMiniBatch(context, weights, loss, batch, [undefined], gradients);
      const bonus = loss.kind === "sft" ? 0 : loss.entropyCoefficient * sums.entropy;
      expect(sums.policyLoss - bonus).toBeCloseTo(gives.loss, 4);
      expect([...weights.tensors.keys()].sort()).toEqual(Object.keys(gives.tensors).sort());
      for (const [tensor, expected] of Object.entries(gives.tensors)) {
        const errors = errorsOf(tensorOf(gradients, tensor).data, expected);
        for (const measure of ["norm", "signed", "entries"] as const) {
          expect(errors[measure], `${measure} of ${tensor}`).toBeLessThan(5e-4);
        }
      }
    },
  );
});

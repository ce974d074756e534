import { afterAll, describe, expect, it } from "vitest";
import { conformanceCases } from "../../../tests/goldens/conformance.ts";
import { goldenWeights, llamaGoldens } from "../../../tests/goldens/llama.ts";
import type { LossSettings, UpdateMetrics } from "../../core/ports/policy.ts";
import { tensorOf } from "../model/weights.ts";
import { emptyAdamState } from "../optimizer/adamw.ts";
import { Runtime } from "../runtime/session.ts";
import { runUpdate, type TrainingState, type UpdateSettings } from "./update.ts";

const runtime = new Runtime({ threads: 2, provider: "cpu", sessionCapacity: 32 });
afterAll(() => runtime.release());

const golden = llamaGoldens.update;
const request: UpdateSettings = {
  miniBatches: golden.miniBatches,
  loss: golden.loss,
  optimizer: golden.optimizer,
  packTokens: 16,
};

function freshState(): TrainingState {
  const weights = goldenWeights(golden.config, golden.weights);
  return {
    weights,
    optimizer: emptyAdamState(weights.arena.length),
    reference: goldenWeights(golden.config, golden.reference),
  };
}

const update = (state: TrainingState, settings: Partial<UpdateSettings> = {}) =>
  runUpdate(runtime, state, { ...request, ...settings }, () => {});

const bytes = ({ weights, optimizer }: TrainingState) =>
  [weights.arena, optimizer.m, optimizer.v].map((part) => Buffer.from(part.buffer).toString("base64"));

describe("an update", () => {
  it("ends with torch's weights and metrics after three clipped AdamW steps on veRL's loss", async () => {
    const state = freshState();
    const metrics = await update(state);
    for (const name of state.weights.tensors.keys()) {
      const expected = golden.after[name]!.data;
      const { data } = tensorOf(state.weights, name);
      const error = Math.max(...expected.map((value, i) => Math.abs(data[i]! - value)));
      expect(error, name).toBeLessThan(2e-5);
    }
    for (const [name, value] of Object.entries(golden.metrics)) {
      expect(metrics[name as keyof UpdateMetrics], name).toBeCloseTo(value!, 4);
    }
    expect(metrics.steps).toBe(3);
    // Three rows of 5, 3 and 6 response tokens per mini-batch, one of each masked.
    expect(metrics.responseTokens).toBe(33);
  });

  it("is at a temperature of 1 unless the loss says another, to the byte", async () => {
    const [a, b] = [freshState(), freshState()];
    await update(a);
    await update(b, { loss: { ...golden.loss, temperature: 1 } as LossSettings });
    expect(bytes(b)).toEqual(bytes(a));
  });

  it.each([
    ["tied Llama", "kept"],
    ["tied Llama", "recomputed"],
    ["untied Qwen3", "kept"],
  ] as const)(
    "ends with torch's weights and metrics at a temperature of 0.7: %s, %s",
    async (model, activations) => {
      const {
        config,
        weights: before,
        reference,
        after,
        metrics,
        ...rest
      } = conformanceCases[`temperature of 0.7, ${model}`]!;
      const weights = goldenWeights(config, before);
      const optimizer = emptyAdamState(weights.arena.length);
      const state = { weights, optimizer, reference: goldenWeights(config, reference!) };
      const measured = await update(state, { ...rest, activations });
      for (const name of weights.tensors.keys()) {
        const { data } = tensorOf(weights, name);
        const error = Math.max(...after[name]!.data.map((value, i) => Math.abs(data[i]! - value)));
        expect(error, name).toBeLessThan(2e-5);
      }
      for (const [name, value] of Object.entries(metrics))
        expect(measured[name as keyof UpdateMetrics], name).toBeCloseTo(value!, 4);
    },
  );

  it("gives the same bytes when it is done again", async () => {
    const [a, b] = [freshState(), freshState()];
    await update(a);
    await update(b);
    expect(bytes(a)).toEqual(bytes(b));
  });

  it("changes no byte of the weights at a learning rate of 0", async () => {
    const state = freshState();
    const before = state.weights.arena.slice();
    await update(state, { optimizer: { ...request.optimizer, learningRate: 0 } });
    expect(Buffer.compare(Buffer.from(before.buffer), Buffer.from(state.weights.arena.buffer))).toBe(0);
    expect(state.optimizer.step).toBe(3);
  });

  it("learns the tokens of golden rows under the supervised loss", async () => {
    const state = freshState();
    const settings = { loss: { kind: "sft" } as const, miniBatches: request.miniBatches.slice(0, 1) };
    const losses: number[] = [];
    for (let i = 0; i < 10; i++) losses.push((await update(state, settings)).loss);
    expect(losses[0]).toBeGreaterThan(3);
    expect(losses.at(-1)).toBeLessThan(1.5);
  });

  it("reports each engine run of all that it will do, and no more", async () => {
    const seen: { count: number; total: number }[] = [];
    await runUpdate(runtime, freshState(), request, (done) => seen.push(done));
    const { total } = seen[0]!;
    const counts = [...new Set(seen.map(({ count }) => count))];
    expect(counts).toEqual(Array.from({ length: total }, (_, i) => i + 1));
  });

  it("ends at the engine run whose report is refused", async () => {
    let runs = 0;
    const progress = () => {
      if (++runs === 2) throw new Error("enough of it");
    };
    await expect(runUpdate(runtime, freshState(), request, progress)).rejects.toThrow("enough of it");
    expect(runs).toBe(2);
  });
});

describe("an update that is not finite", () => {
  it("takes no step and says what diverged", async () => {
    const state = freshState();
    state.weights.arena[0] = Number.NaN;
    const before = bytes(state);
    await expect(update(state)).rejects.toMatchObject({
      type: "Diverged",
      fields: { measure: "gradient norm", value: null },
    });
    expect(bytes(state)).toEqual(before);
  });

  it("says that weights are no numbers any more where the gradient is one", async () => {
    const state = freshState();
    state.optimizer.v.fill(-1);
    await expect(update(state)).rejects.toMatchObject({
      type: "Diverged",
      message: "a weight or moment after miniBatches[0] is not finite; lower optimizer.learningRate (0.02)",
      fields: { measure: "weights", value: null },
    });
  });
});

describe("an update's refusals", () => {
  const row = golden.miniBatches[0]![0]!;

  it("name the field, the value and the limit", async () => {
    await expect(update(freshState(), { miniBatches: [] })).rejects.toThrow(
      "miniBatches is empty; give at least one",
    );
    const withRow = (change: object) => ({ miniBatches: [[{ ...row, ...change }]] });
    await expect(update(freshState(), withRow({ prompt: [] }))).rejects.toThrow(
      "miniBatches[0][0].prompt is empty; the first response token needs a token before it",
    );
    await expect(
      update(freshState(), withRow({ response: [1, 40], mask: [1, 1], advantages: [1, 1] })),
    ).rejects.toThrow("miniBatches[0][0] holds token 40; the vocabulary has ids 0 to 39");
    await expect(update(freshState(), withRow({ prompt: new Array(124).fill(1) }))).rejects.toThrow(
      "miniBatches[0][0] has 129 tokens, over the model's context of 128; leave the row out",
    );
    await expect(update(freshState(), withRow({ mask: [0, 0, 0, 0, 0] }))).rejects.toThrow(
      "miniBatches[0] has no response token to train on; leave such a mini-batch out",
    );
    await expect(update(freshState(), withRow({ mask: [1] }))).rejects.toThrow(
      "miniBatches[0][0] mask has 1 and advantages 5 values for 5 response tokens; give one of each per token",
    );
    await expect(update(freshState(), withRow({ logprobs: [-1] }))).rejects.toThrow(
      "miniBatches[0][0].logprobs has 1 values for 5 response tokens; give the finite log-probability of each as it was sampled",
    );
    await expect(update(freshState(), withRow({ advantages: [1, 1, Number.NaN, 1, 1] }))).rejects.toThrow(
      "miniBatches[0][0].advantages holds a value that is not a finite number",
    );
  });

  it("say that nothing is trained at a temperature of 0", async () => {
    const loss = { ...golden.loss, temperature: 0 } as LossSettings;
    await expect(update(freshState(), { loss })).rejects.toThrow(
      "loss.temperature is 0; give the one that was sampled at, at least 0.000001 and at most 5",
    );
  });

  it("name a reference of another configuration", async () => {
    const state = freshState();
    const reference = goldenWeights({ ...golden.config, rope_theta: 500_000 }, golden.reference);
    await expect(update({ ...state, reference })).rejects.toMatchObject({
      type: "InvalidInput",
      message:
        "reference is a policy of another configuration than the parent: its ropeTheta is 500000 and the parent's 10000; name one of the parent's",
      fields: { field: "reference" },
    });
  });

  it("say that a KL term needs a reference", async () => {
    await expect(update({ ...freshState(), reference: undefined })).rejects.toThrow(
      "loss.klCoefficient is 0.1, which needs a reference policy; name one or set it to 0",
    );
  });
});

import { afterAll, describe, expect, it } from "vitest";
import { familyGoldens, familyWeights } from "../../../tests/goldens/families.ts";
import { goldenWeights, llamaGoldens } from "../../../tests/goldens/llama.ts";
import { goldenAdapter, loraGoldens } from "../../../tests/goldens/lora.ts";
import { adaptableProjections, type LossSettings, type UpdateMetrics } from "../../core/ports/policy.ts";
import { seededRandom } from "../../core/random.ts";
import { mergeAdapter, newAdapter } from "../model/adapter.ts";
import { ropeTables } from "../model/rope-tables.ts";
import { type Adapter, emptyLike, tensorOf, type Weights } from "../model/weights.ts";
import { emptyAdamState } from "../optimizer/adamw.ts";
import { Runtime } from "../runtime/session.ts";
import { BlockCache } from "../sampling/block-cache.ts";
import { standardLimits } from "../sampling/limits.ts";
import { samplingPolicy } from "../sampling/policy.ts";
import { sampleShard } from "../sampling/sample.ts";
import { packMiniBatch, scorePack, trainMiniBatch } from "./mini-batch.ts";
import { runUpdate, type TrainingState } from "./update.ts";

const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 64 });
afterAll(() => runtime.release());

const golden = llamaGoldens.update;
const { optimizer, before, gradients, after, metrics } = loraGoldens.adapter;
const base = goldenWeights(golden.config, golden.weights);
const reference = goldenWeights(golden.config, golden.reference);
const contextOf = ({ config }: Weights) => ({
  runtime,
  tables: ropeTables(config),
  keptBytes: 2 ** 30,
  tick: () => {},
});
const noPause = async () => {};

/** Greatest error over max(1, |expected|). */
const error = (actual: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value) / Math.max(1, Math.abs(value))));

/** Loss and gradient of the golden's first mini-batch, in packs of at most 16 tokens. */
async function lossAndGradient(adapter: Adapter, temperature = 1) {
  const loss = { ...golden.loss, temperature } as LossSettings;
  const batch = packMiniBatch(golden.miniBatches[0]!, 16);
  const context = contextOf(base);
  const scores = [];
  for (const pack of batch.packs) scores.push(await scorePack(context, reference, pack));
  const sum = emptyLike(adapter);
  const sums = await trainMiniBatch(context, { ...base, adapter }, loss, batch, scores, sum);
  const { klCoefficient, entropyCoefficient } = golden.loss as {
    klCoefficient: number;
    entropyCoefficient: number;
  };
  return {
    loss: sums.policyLoss + klCoefficient * sums.kl - entropyCoefficient * sums.entropy,
    gradient: sum,
  };
}

describe("training an adapter", () => {
  it("has peft's gradients, within 1e-5", async () => {
    const { gradient } = await lossAndGradient(goldenAdapter(before));
    for (const [name, { data }] of Object.entries(gradients))
      expect(error(tensorOf(gradient, name).data, data), name).toBeLessThan(1e-5);
  });

  it.each([1, 0.7])(
    "has the gradients that finite differences of the loss have, at a temperature of %d",
    async (temperature) => {
      const { gradient } = await lossAndGradient(goldenAdapter(before), temperature);
      const step = 3e-3;
      for (const name of ["self_attn.q_proj.lora_A", "self_attn.v_proj.lora_B", "mlp.down_proj.lora_A"]) {
        const tensor = `model.layers.1.${name}.weight`;
        const moved = async (by: number) => {
          const adapter = goldenAdapter(before);
          const { data } = tensorOf(adapter, tensor);
          // Along the gradient itself: its slope is the gradient's length, far above the loss's rounding.
          const direction = tensorOf(gradient, tensor).data;
          const length = Math.hypot(...direction);
          for (let i = 0; i < data.length; i++) data[i]! += (by * direction[i]!) / length;
          return (await lossAndGradient(adapter, temperature)).loss;
        };
        const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
        expect(slope, name).toBeCloseTo(Math.hypot(...tensorOf(gradient, tensor).data), 2);
      }
    },
  );

  it.each(["kept", "recomputed"] as const)(
    "ends with peft's matrices and metrics after three AdamW steps of a warm-up and a decay, activations %s",
    async (activations) => {
      const adapter = goldenAdapter(before);
      const state: TrainingState = {
        weights: { ...base, adapter },
        optimizer: emptyAdamState(adapter.arena.length),
        reference,
      };
      const frozen = base.arena.slice();
      const settings = {
        miniBatches: golden.miniBatches,
        loss: golden.loss,
        optimizer,
        packTokens: 16,
        activations,
      };
      const measured = await runUpdate(runtime, state, settings, () => {});
      for (const [name, { data }] of Object.entries(after))
        expect(error(tensorOf(adapter, name).data, data), name).toBeLessThan(2e-5);
      for (const [name, value] of Object.entries(metrics))
        expect(measured[name as keyof UpdateMetrics], name).toBeCloseTo(value!, 4);
      expect(base.arena).toEqual(frozen);
      expect(state.optimizer.step).toBe(3);
    },
  );
});

/** An adapter of every matrix, with a B that is not zero. */
function someAdapter({ config }: Weights): Adapter {
  const adapter = newAdapter(config, { rank: 4, alpha: 2, targetModules: adaptableProjections }, 3);
  const random = seededRandom(4);
  for (let i = 0; i < adapter.arena.length; i++) adapter.arena[i]! += 0.2 * (random.next() - 0.5);
  return adapter;
}

describe.each(Object.entries(familyGoldens.cases))("an adapter of %s", (_, { config, rows }) => {
  it("gives the log-probabilities of the weights that it is merged into, within 1e-5", async () => {
    const weights = familyWeights(config);
    const adapter = someAdapter(weights);
    const merged = await mergeAdapter(weights, adapter, noPause);
    const { packs } = packMiniBatch(
      rows.map(({ prompt, response }) => {
        const mask = response.map((): 1 => 1);
        return { prompt, response, mask, advantages: mask };
      }),
      1000,
    );
    const context = contextOf(weights);
    const apart = await scorePack(context, { ...weights, adapter }, packs[0]!);
    const together = await scorePack(context, merged, packs[0]!);
    const alone = await scorePack(context, weights, packs[0]!);
    expect(error(apart, [...together])).toBeLessThan(1e-5);
    expect(error(apart, [...alone])).toBeGreaterThan(1e-2);
  });
});

describe("a policy with an adapter", () => {
  it("is sampled merged, with log-probabilities within 1e-4 of training's", async () => {
    const adapter = goldenAdapter(before);
    const prompts = [
      [3, 1, 4, 1, 5, 9, 2, 6],
      [5, 3, 5],
    ];
    const merged = await mergeAdapter(base, adapter, noPause);
    const responses = await sampleShard(
      { runtime, cache: new BlockCache(2 ** 20), limits: standardLimits },
      samplingPolicy("p", merged, [39]),
      prompts.map((prompt) => ({ prompt, seeds: [1, 2, 3] })),
      { temperature: 1, topP: 1, maxNewTokens: 32 },
      () => {},
    );
    const rows = prompts.flatMap((prompt, i) =>
      responses[i]!.map(({ tokens, logprobs }) => {
        const mask = tokens.map((): 1 => 1);
        return { prompt, response: tokens, mask, advantages: mask, logprobs };
      }),
    );
    const { packs } = packMiniBatch(rows, 1000);
    const trained = await scorePack(contextOf(base), { ...base, adapter }, packs[0]!);
    const sampled = packs[0]!.entries.map(({ row, index }) => rows[row]!.logprobs[index]!);
    expect(sampled.length).toBeGreaterThan(60);
    expect(error(trained, sampled)).toBeLessThan(1e-4);
  });
});

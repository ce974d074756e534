import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { type Aggregation, tokenWeights } from "../../core/learning/aggregation.ts";
import { f32, Runtime } from "../runtime/session.ts";
import { policyLossGraph } from "./policy-loss.ts";
import { sftLossGraph } from "./sft-loss.ts";

/** Made by running veRL in float64 (`tests/fixtures/verl_policy_loss_cases.jsonl`). */
interface VerlCase {
  readonly logprob: number[][];
  readonly old_logprob: number[][];
  readonly ref_logprob: number[][];
  readonly clip_low: number;
  readonly clip_high: number;
  readonly clip_ratio_c: number;
  readonly kl_coef: number;
  readonly advantages: Readonly<Record<string, number[][]>>;
  readonly losses: Readonly<Record<string, VerlLoss>>;
}
interface VerlLoss {
  readonly pg_loss: number;
  readonly kl_loss: number;
  readonly clip_fraction: number;
  readonly approx_kl: number;
  readonly clip_fraction_lower: number;
  readonly grad_logprob: number[][];
}

const fixture = new URL("../../../tests/fixtures/verl_policy_loss_cases.jsonl", import.meta.url);
const cases = readFileSync(fixture, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as VerlCase);
const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 8 });
afterAll(() => runtime.release());

/** Greatest error over max(1, |expected|). */
const error = (actual: readonly number[], expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value) / Math.max(1, Math.abs(value))));

/** Greatest error over the greatest value: of gradients, which are all far below 1. */
const errorOfVector = (actual: readonly number[], expected: readonly number[]) => {
  const greatest = Math.max(...expected.map(Math.abs));
  const errors = expected.map((value, i) => Math.abs(actual[i]! - value));
  return greatest === 0 ? Math.max(...errors) : Math.max(...errors) / greatest;
};

/** What the graph makes of a case's responses, one after the other. */
async function float32Loss(verl: VerlCase, advantages: readonly number[][], aggregation: Aggregation) {
  const lengths = verl.logprob.map(({ length }) => length);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const weights = tokenWeights(aggregation, lengths);
  const vector = (values: readonly (readonly number[])[]) => f32(Float32Array.from(values.flat()), [tokens]);
  const all = (value: number) => vector([new Array<number>(tokens).fill(value)]);
  const settings = {
    clipLow: verl.clip_low,
    clipHigh: verl.clip_high,
    clipDual: verl.clip_ratio_c,
    klCoefficient: verl.kl_coef,
    entropyCoefficient: 0,
  };
  const results = await runtime.run(policyLossGraph(settings, tokens, true), {
    logp: vector(verl.logprob),
    oldLogp: vector(verl.old_logprob),
    referenceLogp: vector(verl.ref_logprob),
    advantages: vector(advantages),
    entropies: all(0),
    weight: vector(lengths.map((length, b) => new Array<number>(length).fill(weights[b]!))),
    share: all(1 / tokens),
  });
  return (...names: string[]) => names.flatMap((name) => [...(results[name]!.data as Float32Array)]);
}

describe("the float32 policy loss", () => {
  it("is within 1e-5 of veRL in float64, in values, fractions and gradients, on all 40 cases", async () => {
    expect(cases).toHaveLength(40);
    for (const verl of cases) {
      for (const [name, expected] of Object.entries(verl.losses)) {
        const [estimator, aggregation] = name.split("/") as [string, Aggregation];
        const actual = await float32Loss(verl, verl.advantages[estimator]!, aggregation);
        const values = actual("policyLoss", "kl", "approximateKl");
        expect(error(values, [expected.pg_loss, expected.kl_loss, expected.approx_kl])).toBeLessThan(1e-5);
        const fractions = actual("clipFraction", "clipFractionLower");
        expect(error(fractions, [expected.clip_fraction, expected.clip_fraction_lower])).toBeLessThan(1e-5);
        expect(errorOfVector(actual("dLogp"), expected.grad_logprob.flat())).toBeLessThan(1e-5);
      }
    }
  });
});

describe("the supervised loss", () => {
  it("is the weighted negative log-likelihood and its gradient the negative weight", async () => {
    const results = await runtime.run(sftLossGraph(3), {
      logp: f32(Float32Array.of(-1, -2, -4), [3]),
      weight: f32(Float32Array.of(0.5, 0.5, 0), [3]),
    });
    expect([...(results.loss!.data as Float32Array)]).toEqual([1.5]);
    expect([...(results.dLogp!.data as Float32Array)]).toEqual([-0.5, -0.5, -0]);
  });
});

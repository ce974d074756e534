import { describe, expect, it } from "vitest";
import { goldenWeights, llamaGoldens } from "../../../tests/goldens/llama.ts";
import { goldenAdapter, loraGoldens } from "../../../tests/goldens/lora.ts";
import { mergeAdapter, newAdapter, sameLora } from "./adapter.ts";
import { tensorOf } from "./weights.ts";

const golden = llamaGoldens.update;
const base = goldenWeights(golden.config, golden.weights);
const noPause = async () => {};

describe("a new adapter", () => {
  const settings = { rank: 64, alpha: 6, targetModules: ["down_proj"] as const };
  const adapter = newAdapter(base.config, settings, 1);

  it("is drawn as peft draws it: A uniform up to 1 / sqrt(in), B zero", () => {
    const { largest, variance, inputs, b } = loraGoldens.initial;
    const { data } = tensorOf(adapter, "model.layers.0.mlp.down_proj.lora_A.weight");
    const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
    expect(data.length).toBe(64 * inputs);
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(data.reduce((sum, x) => sum + x * x, 0) / data.length).toBeCloseTo(variance, 2);
    expect(Math.max(...data)).toBeCloseTo(largest, 2);
    expect(Math.max(...data)).toBeLessThanOrEqual(1 / Math.sqrt(inputs));
    expect(b).toBe(0);
    expect(tensorOf(adapter, "model.layers.1.mlp.down_proj.lora_B.weight").data.every((x) => x === 0)).toBe(
      true,
    );
  });

  it("is the same for the same seed, and another for another", () => {
    expect(newAdapter(base.config, settings, 1).arena).toEqual(adapter.arena);
    expect(newAdapter(base.config, settings, 2).arena).not.toEqual(adapter.arena);
  });

  it("changes no bit of the weights that it is merged into", async () => {
    expect((await mergeAdapter(base, adapter, noPause)).arena).toEqual(base.arena);
  });

  it("has A and B of each named matrix, in one order whatever the order of the names", () => {
    const names = (targetModules: readonly ("q_proj" | "down_proj")[]) =>
      [...newAdapter(base.config, { rank: 2, alpha: 1, targetModules }, 1).tensors].map(
        ([name, { shape }]) => `${name} [${shape}]`,
      );
    expect(names(["q_proj", "down_proj"]).slice(0, 4)).toEqual([
      "model.layers.0.self_attn.q_proj.lora_A.weight [2,16]",
      "model.layers.0.self_attn.q_proj.lora_B.weight [16,2]",
      "model.layers.0.mlp.down_proj.lora_A.weight [2,24]",
      "model.layers.0.mlp.down_proj.lora_B.weight [16,2]",
    ]);
    expect(names(["down_proj", "q_proj"])).toEqual(names(["q_proj", "down_proj"]));
  });
});

describe("merging", () => {
  it("gives peft's weights and leaves the base alone", async () => {
    const before = base.arena.slice();
    const merged = await mergeAdapter(base, goldenAdapter(loraGoldens.adapter.after), noPause);
    for (const [name, { data }] of Object.entries(loraGoldens.adapter.merged)) {
      const ours = tensorOf(merged, name).data;
      expect(Math.max(...data.map((value, i) => Math.abs(ours[i]! - value)))).toBeLessThan(1e-6);
    }
    expect(base.arena).toEqual(before);
    const untouched = "model.layers.1.mlp.gate_proj.weight";
    expect(tensorOf(merged, untouched).data).toEqual(tensorOf(base, untouched).data);
  });
});

describe("sameLora", () => {
  it("compares rank, alpha and the set of matrices", () => {
    const a = { rank: 2, alpha: 4, targetModules: ["q_proj", "v_proj"] as const };
    expect(sameLora(a, { ...a, targetModules: ["v_proj", "q_proj"] })).toBe(true);
    expect(sameLora(a, { ...a, targetModules: ["q_proj"] })).toBe(false);
    expect(sameLora(a, { ...a, rank: 3 })).toBe(false);
    expect(sameLora(a, { ...a, alpha: 5 })).toBe(false);
  });
});

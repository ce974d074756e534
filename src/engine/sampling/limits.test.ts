import { describe, expect, it } from "vitest";
import type { LlamaConfig } from "../model/config.ts";
import { capacityOf, standardLimits } from "./limits.ts";

const shape = (layers: number, kvHeads: number, headSize: number) =>
  ({ layers, kvHeads, headSize }) as LlamaConfig;
/** 46,080 and 229,376 bytes a token. */
const smollm2 = shape(30, 3, 64);
const qwen3 = shape(28, 8, 128);
/** A shard of 32 trajectories with 8 samples at each prefix. */
const shard = Array.from({ length: 32 }, () => ({
  prompt: Array.from({ length: 401 }, () => 1),
  seeds: [1, 2, 3, 4, 5, 6, 7, 8],
}));
const samples = (config: LlamaConfig, maxNewTokens: number) =>
  capacityOf(standardLimits, config, shard, { maxNewTokens }).samples;

describe("capacityOf", () => {
  it("lets 64 samples step together where what they may say fits 2 GiB", () => {
    for (const maxNewTokens of [1, 64, 128, 704]) expect(samples(smollm2, maxNewTokens)).toBe(64);
    for (const maxNewTokens of [64, 128]) expect(samples(qwen3, maxNewTokens)).toBe(64);
  });

  it("lets fewer where it does not, and always one", () => {
    expect(samples(smollm2, 705)).toBe(63);
    expect(samples(qwen3, 1024)).toBe(9);
    expect(samples(shape(126, 8, 128), 8192)).toBe(1);
  });

  it("measures a sample in whole steps of growth and a prompt in whole blocks, both up to the longest", () => {
    const capacity = capacityOf(standardLimits, smollm2, shard, { maxNewTokens: 65 });
    expect(capacity).toEqual({ samples: 64, prompts: 32, promptTokens: 448, ownTokens: 96 });
  });

  it("stores no more prompts than fit, than are asked or than samples could be under way of", () => {
    const prompts = (over: object) =>
      capacityOf({ ...standardLimits, ...over }, smollm2, shard, { maxNewTokens: 64 }).prompts;
    expect(prompts({ promptBytes: 3 * 448 * 46_080 })).toBe(3);
    expect(prompts({ promptBytes: 1 })).toBe(1);
    expect(prompts({ samples: 5 })).toBe(5);
  });
});

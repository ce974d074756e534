import { describe, expect, it } from "vitest";
import type { LlamaConfig } from "../model/config.ts";
import { checkPacks } from "./check-packs.ts";
import type { Pack } from "./pack.ts";

/** Llama-3.2-1B's: a layer has 60,817,408 weights in its matrices. */
const config: LlamaConfig = {
  hiddenSize: 2048,
  layers: 16,
  heads: 32,
  kvHeads: 8,
  headSize: 64,
  intermediateSize: 8192,
  vocabularySize: 128_256,
  ropeTheta: 500_000,
  rmsNormEpsilon: 1e-5,
  tiedEmbeddings: true,
  contextTokens: 131_072,
};
const packOf = (tokens: number): Pack => ({
  tokens: new Array<number>(tokens).fill(1),
  parents: [],
  positions: [],
  targets: [],
  entries: [],
});

describe("packs", () => {
  it("are as long as a layer of the model can be silent about", () => {
    expect(() => checkPacks([packOf(5480), packOf(10)], 16_384, config)).not.toThrow();
  });

  it("are refused beyond, by packTokens and what would fit", () => {
    expect(() => checkPacks([packOf(10), packOf(5481)], 16_384, config)).toThrow(
      "packTokens is 16384, and a pack of 5481 tokens takes 2.0e+12 operations in one layer of this model, over the 2e+12 in which a worker may be silent; set packTokens to at most 5480",
    );
  });

  it("are refused where one row is as long, whatever packTokens is", () => {
    expect(() => checkPacks([packOf(9000)], 1024, config)).toThrow(
      "a row has that many by itself: have rows of at most 5480",
    );
  });
});

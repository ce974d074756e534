import { describe, expect, it } from "vitest";
import { parseLlamaConfig } from "./config.ts";
import { emptyWeights, headName, parameterShapes } from "./weights.ts";

/** SmolLM2-135M-Instruct's config.json, without the fields that say nothing of its shape. */
const smolLm2 = {
  architectures: ["LlamaForCausalLM"],
  attention_bias: false,
  hidden_act: "silu",
  hidden_size: 576,
  intermediate_size: 1536,
  max_position_embeddings: 8192,
  mlp_bias: false,
  model_type: "llama",
  num_attention_heads: 9,
  num_hidden_layers: 30,
  num_key_value_heads: 3,
  rms_norm_eps: 1e-5,
  rope_interleaved: false,
  rope_scaling: null,
  rope_theta: 100000,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
  vocab_size: 49152,
};

describe("a model's config.json", () => {
  it("gives the shape of a Llama", () => {
    expect(parseLlamaConfig(smolLm2)).toEqual({
      hiddenSize: 576,
      layers: 30,
      heads: 9,
      kvHeads: 3,
      headSize: 64,
      intermediateSize: 1536,
      vocabularySize: 49152,
      ropeTheta: 100000,
      rmsNormEpsilon: 1e-5,
      tiedEmbeddings: true,
      contextTokens: 8192,
    });
  });

  it("may hold RoPE's base where newer versions of transformers write it", () => {
    const { rope_theta: theta, rope_scaling: _, ...rest } = smolLm2;
    const config = { ...rest, rope_parameters: { rope_type: "default", rope_theta: theta } };
    expect(parseLlamaConfig(config).ropeTheta).toBe(100000);
  });

  it("is refused by the name of what this engine does not compute", () => {
    const refused = (change: object) => () => parseLlamaConfig({ ...smolLm2, ...change });
    expect(refused({ model_type: "qwen2" })).toThrow("config.json: 'model_type' is not readable");
    expect(refused({ attention_bias: true })).toThrow("config.json: 'attention_bias' is not readable");
    expect(refused({ rope_scaling: { rope_type: "yarn" } })).toThrow("config.json: 'rope_scaling'");
    expect(refused({ num_key_value_heads: 4 })).toThrow(
      "config.json: 'num_key_value_heads' is 4, which does not divide the 9 attention heads",
    );
    expect(refused({ hidden_size: 567 })).toThrow(
      "config.json: 'num_attention_heads' gives heads of 63 values; rotary embeddings need an even number",
    );
  });
});

describe("weights", () => {
  const config = { ...parseLlamaConfig(smolLm2), layers: 1, vocabularySize: 10 };

  it("are views of one arena, in the order of the shapes, with nothing between them", () => {
    const { arena, tensors } = emptyWeights(config);
    let offset = 0;
    for (const { data } of tensors.values()) {
      expect(data.buffer).toBe(arena.buffer);
      expect(data.byteOffset).toBe(4 * offset);
      offset += data.length;
    }
    expect(offset).toBe(arena.length);
    // Embedding, a layer of 2 norms, 2 square and 2 narrow projections and 3 of the feed-forward block, final norm.
    expect(arena.length).toBe(10 * 576 + (2 * 576 + 2 * 576 ** 2 + 2 * 192 * 576 + 3 * 1536 * 576) + 576);
  });

  it("have a head of their own only where embeddings are not tied", () => {
    expect(headName(config)).toBe("model.embed_tokens.weight");
    expect([...parameterShapes(config).keys()]).not.toContain("lm_head.weight");
    const untied = { ...config, tiedEmbeddings: false };
    expect(parameterShapes(untied).get("lm_head.weight")).toEqual([10, 576]);
  });
});

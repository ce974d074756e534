import { describe, expect, it } from "vitest";
import { parseLlamaConfig } from "./config.ts";
import { emptyWeights, headName, layerShapes, parameterShapes } from "./weights.ts";

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

  it("gives Qwen2 its three biases and Qwen3 its norms, with what transformers assumes of absent fields", () => {
    const { head_dim: _, ...shape } = { ...smolLm2, head_dim: 64, num_attention_heads: 32 };
    const { num_key_value_heads: __, ...qwen } = shape;
    const qwen2 = parseLlamaConfig({ ...qwen, model_type: "qwen2", hidden_size: 2048 });
    expect(qwen2).toMatchObject({ biases: ["q_proj", "k_proj", "v_proj"], kvHeads: 32, headSize: 64 });
    expect(qwen2.queryKeyNorm).toBeUndefined();
    const qwen3 = parseLlamaConfig({ ...qwen, model_type: "qwen3", use_sliding_window: false });
    expect(qwen3).toMatchObject({ queryKeyNorm: true, kvHeads: 32, headSize: 128 });
    expect(qwen3.biases).toBeUndefined();
    const biased = parseLlamaConfig({ ...smolLm2, attention_bias: true });
    expect(biased.biases).toEqual(["q_proj", "k_proj", "v_proj", "o_proj"]);
  });

  it("may scale RoPE, as Llama 3.2 and Qwen2.5 publish it", () => {
    const scaling = (change: object) => parseLlamaConfig({ ...smolLm2, ...change }).ropeScaling;
    expect(
      scaling({
        rope_scaling: {
          factor: 32.0,
          high_freq_factor: 4.0,
          low_freq_factor: 1.0,
          original_max_position_embeddings: 8192,
          rope_type: "llama3",
        },
      }),
    ).toEqual({
      kind: "llama3",
      factor: 32,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalTokens: 8192,
    });
    expect(
      scaling({ rope_scaling: { factor: 4.0, original_max_position_embeddings: 32768, type: "yarn" } }),
    ).toEqual({
      kind: "yarn",
      factor: 4,
      betaFast: 32,
      betaSlow: 1,
      originalTokens: 32768,
      truncate: true,
      attentionFactor: 0.1 * Math.log(4) + 1,
    });
    expect(scaling({ rope_scaling: { type: "linear", factor: 2 } })).toEqual({ kind: "linear", factor: 2 });
    // Beyond max_position_embeddings only, and there the context ends.
    expect(scaling({ rope_scaling: { type: "dynamic", factor: 2 } })).toBeUndefined();
    expect(scaling({ rope_parameters: { rope_type: "default", rope_theta: 5 } })).toBeUndefined();
  });

  it("has the context that yarn makes of the original one, where that is stated", () => {
    const context = (rope: object, tokens = 32_768) =>
      parseLlamaConfig({ ...smolLm2, max_position_embeddings: tokens, rope_scaling: rope }).contextTokens;
    const yarn = { type: "yarn", factor: 4, original_max_position_embeddings: 32_768 };
    expect(context(yarn)).toBe(131_072);
    expect(context(yarn, 131_072)).toBe(131_072);
    expect(context(yarn, 200_000)).toBe(200_000);
    expect(context({ type: "yarn", factor: 4 })).toBe(32_768);
    for (const type of ["linear", "dynamic"]) expect(context({ type, factor: 4 })).toBe(32_768);
    expect(() => context({ ...yarn, factor: 1e6 })).toThrow(
      "'factor' gives 32768000000 positions, and at most 2097152 of heads of 64 values have room in tables",
    );
  });

  it("is refused by the name of what this engine does not compute", () => {
    const refused = (change: object) => () => parseLlamaConfig({ ...smolLm2, ...change }, "/m/config.json");
    expect(refused({ model_type: "mamba" })).toThrow(
      '/m/config.json: \'model_type\' is not readable: Invalid option: expected one of "llama"|"qwen2"|"qwen3"',
    );
    expect(refused({ mlp_bias: true })).toThrow("'mlp_bias' is not readable");
    expect(refused({ use_sliding_window: true })).toThrow("'use_sliding_window' is not readable");
    expect(refused({ layer_types: ["full_attention", "sliding_attention"] })).toThrow("'layer_types.1'");
    expect(refused({ quantization_config: { bits: 4 } })).toThrow("'quantization_config' is not readable");
    expect(refused({ num_key_value_heads: 4 })).toThrow(
      "'num_key_value_heads' is 4, which does not divide the 9 attention heads",
    );
    expect(refused({ hidden_size: 567 })).toThrow(
      "'num_attention_heads' gives heads of 63 values; rotary embeddings need an even number",
    );
    expect(refused({ head_dim: 5 })).toThrow("'head_dim' gives heads of 5 values");
    expect(refused({ max_position_embeddings: 1e12 })).toThrow("'max_position_embeddings' is not readable");
  });

  it("is refused by the name of a RoPE setting that is not computed or missing", () => {
    const refused = (rope: object) => () => parseLlamaConfig({ ...smolLm2, rope_scaling: rope });
    expect(refused({ rope_type: "longrope", factor: 4 })).toThrow(
      "config.json: 'rope_scaling.rope_type' is not readable",
    );
    expect(refused({ type: "mrope" })).toThrow("'rope_scaling.type' is not readable");
    expect(refused({ type: "linear" })).toThrow("'rope_scaling.factor' is absent, which 'linear' needs");
    expect(refused({ type: "default", mrope_section: [1] })).toThrow("mrope_section");
    expect(refused({ rope_type: "llama3", factor: 8, low_freq_factor: 4, high_freq_factor: 1 })).toThrow(
      "'rope_scaling.low_freq_factor' is 4, not below high_freq_factor 1",
    );
    const partial = { ...smolLm2, rope_parameters: { rope_type: "default", partial_rotary_factor: 0.5 } };
    expect(() => parseLlamaConfig(partial)).toThrow("'rope_parameters.partial_rotary_factor'");
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

  it("of biases and head norms stand between the projections and the next norm", () => {
    const names = [...layerShapes({ ...config, biases: ["k_proj", "o_proj"], queryKeyNorm: true })];
    expect(names.slice(4, 10)).toEqual([
      ["self_attn.o_proj.weight", [576, 576]],
      ["self_attn.k_proj.bias", [192]],
      ["self_attn.o_proj.bias", [576]],
      ["self_attn.q_norm.weight", [64]],
      ["self_attn.k_norm.weight", [64]],
      ["post_attention_layernorm.weight", [576]],
    ]);
  });

  it("have a head of their own only where embeddings are not tied", () => {
    expect(headName(config)).toBe("model.embed_tokens.weight");
    expect([...parameterShapes(config).keys()]).not.toContain("lm_head.weight");
    const untied = { ...config, tiedEmbeddings: false };
    expect(parameterShapes(untied).get("lm_head.weight")).toEqual([10, 576]);
  });
});

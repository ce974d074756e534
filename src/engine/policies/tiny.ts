/**
 * A Llama of 0.1 million random weights with a tokenizer of bytes: what tests and developers run the whole loop on. Not
 * pretrained, so the pieces of a tool call that are always the same are one token each and soon learnt.
 */
import { mkdir } from "node:fs/promises";
import { seededRandom } from "../../core/random.ts";
import { writeWeights } from "../formats/checkpoint.ts";
import { parseLlamaConfig } from "../model/config.ts";
import { emptyWeights, type Weights } from "../model/weights.ts";
import { type AddedToken, byteCharacter, byteLevelTokenizer } from "../tokenizer/byte-level.ts";
import { terseTemplate } from "../tokenizer/chat-template.ts";
import { writePolicyTexts } from "./policy-files.ts";

/** Ids 256 and up. */
const controlTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const tagTokens = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"];
/** Between a call's tag, name, arguments and closing tag, in the spacing of Qwen's template. */
const callTokens = ['\n{"name": "', '", "arguments": {"', '": "', '", "', '"}}\n'];
const addedTokens: readonly AddedToken[] = [...controlTokens, ...tagTokens, ...callTokens].map(
  (content, i) => ({ id: 256 + i, content, special: i < controlTokens.length }),
);

const config = {
  architectures: ["LlamaForCausalLM"],
  attention_bias: false,
  bos_token_id: 257,
  dtype: "float32",
  eos_token_id: 258,
  head_dim: 16,
  hidden_act: "silu",
  hidden_size: 64,
  intermediate_size: 192,
  max_position_embeddings: 4096,
  mlp_bias: false,
  model_type: "llama",
  num_attention_heads: 4,
  num_hidden_layers: 2,
  num_key_value_heads: 2,
  pad_token_id: 256,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  tie_word_embeddings: true,
  torch_dtype: "float32",
  vocab_size: 256 + addedTokens.length,
};

/** Writes the policy folder, making it if need be; the same seed gives the same bytes. */
export async function prepareTiny(folder: string, seed: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeWeights(folder, randomWeights(seed));
  await writePolicyTexts(folder, {
    config,
    tokenizer: byteLevelTokenizer({
      vocabulary: Array.from({ length: 256 }, (_, byte) => byteCharacter(byte)),
      merges: [],
      added: addedTokens,
      words: [],
    }),
    chatTemplate: terseTemplate,
    startOfTurn: "<|im_start|>",
    endOfTurn: "<|im_end|>",
    unknown: "<|endoftext|>",
  });
}

/**
 * Matrices of standard deviation 1 / sqrt(columns), so that activations keep their size; norms of one; embeddings, which
 * are the output head too, small enough (0.02) for an even first guess.
 */
function randomWeights(seed: number): Weights {
  const weights = emptyWeights(parseLlamaConfig(config));
  const { next } = seededRandom(seed);
  for (const [name, { shape, data }] of weights.tensors) {
    const columns = shape[1];
    if (columns === undefined) data.fill(1);
    else {
      const deviation = name === "model.embed_tokens.weight" ? 0.02 : 1 / Math.sqrt(columns);
      for (let i = 0; i < data.length; i++) data[i] = deviation * standardNormal(next);
    }
  }
  return weights;
}

/**
 * Mean 0, variance 1: twelve uniforms less six (Irwin-Hall), normal but for its tails beyond 6. Additions only, because
 * logarithms and cosines may differ by a bit from one JavaScript engine to the next.
 */
function standardNormal(next: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += next();
  return sum;
}

/** The policy as the rest of Ratchet sees it: text to token ids and back, sampling, and updates. Tokens in, tokens out. */
import type { ToolDocument } from "../environment/environment.ts";
import type { ToolFormat } from "../trajectory/tool-format.ts";
import type { ArtifactRef } from "./artifacts.ts";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
}

/**
 * Raised when a codec gives other ids for a text, or another text for ids: what was computed through it is then computed
 * anew, and a training that is half done is not gone on with in silence.
 */
export const codecVersion = 2;

/** The policy's tokenizer and chat template. Deltas, so that sampled ids are never re-tokenized. */
export interface ChatCodec {
  /** Ids of the conversation's start up to and including the header of the assistant's first turn. */
  encodePrompt(messages: readonly ChatMessage[], tools: readonly ToolDocument[]): number[];
  /**
   * Ids between the end of a sampled assistant turn and the header of the next one, for the given tool outputs.
   * `ended` says whether the sampled turn ends with one of `stopIds` already; one that a limit or a stop string cut does not.
   */
  encodeToolResults(outputs: readonly string[], ended: boolean): number[];
  /** Ids of an assistant turn as the policy would say it, its turn-end token included (golden trajectories). */
  encodeAssistant(text: string): number[];
  /** Text of sampled ids without the turn-end token. */
  decode(ids: readonly number[]): string;
  /** How the template has the policy write tool calls. */
  readonly toolFormat: ToolFormat;
  readonly stopIds: readonly number[];
  /** Most tokens of prompt plus response. */
  readonly contextTokens: number;
}

export interface SampleRequest {
  readonly prompt: readonly number[];
  /** One seed per sample wanted; the samples of a request share the prompt's keys and values. */
  readonly seeds: readonly number[];
}

export interface SamplingOptions {
  /** 0 is greedy. */
  readonly temperature: number;
  /** 1 is off. */
  readonly topP: number;
  /** Only the k likeliest tokens can be drawn, before topP counts what they hold; absent, all can. */
  readonly topK?: number | undefined;
  /** A response ends with the token that completes one of these strings; it keeps all of its ids. */
  readonly stop?: readonly string[] | undefined;
  readonly maxNewTokens: number;
}

/**
 * Of those that are not greedy, where responses are drawn to train on and where they are trained on: at less nothing but
 * the likeliest is drawn, which 0 says.
 */
export const temperatures = { least: 1e-6, most: 5 } as const;

export interface SampledResponse {
  readonly tokens: readonly number[];
  /**
   * log p of each token under the sampled policy at the temperature it was drawn at (greedy: 1), before topK and topP: what
   * training calls old log-probability.
   */
  readonly logprobs: readonly number[];
  /** `stop`: it ended with a stop token or a stop string. */
  readonly finish: "stop" | "length";
}

/** Called as the engine makes progress, at least every few seconds of work; activities heartbeat in it and nowhere else. */
export type OnProgress = (done: {
  readonly unit: string;
  readonly count: number;
  readonly total: number;
}) => void;

export interface PolicySampler {
  /** responses[i][j]: request i, seed j. Throws PromptTooLong before any work. */
  sample(
    policy: ArtifactRef,
    requests: readonly SampleRequest[],
    options: SamplingOptions,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<SampledResponse[][]>;
}

export interface OptimizerSettings {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Global gradient norm is clipped to this; 0 is off. */
  readonly maxGradientNorm: number;
  /** How the learning rate changes with the optimizer's steps; absent, it does not. */
  readonly schedule?: LearningRateSchedule | undefined;
}

/** By the optimizer's own count of steps, which is part of its state, so that a resumed training goes on where it was. */
export type LearningRateSchedule =
  /** From 0 up to the learning rate, and there it stays. */
  | { readonly kind: "constant"; readonly warmupSteps: number }
  /** Then down to `minLearningRate` at `totalSteps`, in a line or half a cosine, and there it stays. */
  | {
      readonly kind: "linear" | "cosine";
      readonly warmupSteps: number;
      readonly totalSteps: number;
      readonly minLearningRate: number;
    };

/** Of a new adapter; larger ones are read. */
export const mostRank = 1024;

/** The matrices of a layer that low-rank matrices can be added to, in the order that adapters keep them in. */
export const adaptableProjections = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
] as const;
export type AdaptableProjection = (typeof adaptableProjections)[number];

/** LoRA (arXiv 2106.09685): W + alpha / rank B A, with W frozen, A [rank, in] and B [out, rank]. */
export interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
  readonly targetModules: readonly AdaptableProjection[];
}

export type LossSettings =
  /** Mean negative log-likelihood over response tokens. */
  | { readonly kind: "sft" }
  /** PPO-clip with low-variance KL to the reference and an entropy bonus, token-mean, as veRL computes them. */
  | {
      readonly kind: "policy-gradient";
      readonly clipLow: number;
      readonly clipHigh: number;
      /** Dual clip, veRL's clip_ratio_c. */
      readonly clipDual: number;
      readonly klCoefficient: number;
      readonly entropyCoefficient: number;
      /** Logits are divided by it, the reference's too: the one that the rows were sampled at; 1 where absent. */
      readonly temperature?: number;
    };

/** One response to train on: the exact ids the policy saw and said. */
export interface TrainingRow {
  readonly prompt: readonly number[];
  /** For a golden trajectory the response may hold tool outputs; `mask` is 0 there. */
  readonly response: readonly number[];
  readonly mask: readonly (0 | 1)[];
  /** One advantage per response token; all 1 for sft. */
  readonly advantages: readonly number[];
  /** Old log-probabilities: log p of each response token when it was sampled. The policy gradient needs them, sft none. */
  readonly logprobs?: readonly number[];
}

export interface UpdateRequest {
  /** Full state: weights and optimizer. */
  readonly parent: ArtifactRef;
  /** Reference policy of the KL term; needed where klCoefficient > 0. */
  readonly reference?: ArtifactRef;
  /** One optimizer step per mini-batch, in order. */
  readonly miniBatches: readonly (readonly TrainingRow[])[];
  readonly loss: LossSettings;
  readonly optimizer: OptimizerSettings;
  /** Most unique tokens of one packed sequence. */
  readonly packTokens: number;
  /** What the forward pass computed is "kept" for the backward pass, the default, or "recomputed", which needs less memory. */
  readonly activations?: "kept" | "recomputed" | undefined;
  /** True lets the parent be one that other numerics made, as a person asked; else it is refused. */
  readonly acceptNumerics?: boolean | undefined;
  /** False starts Adam's moments and step count from zero instead of the parent's. */
  readonly carryOptimizer: boolean;
  /**
   * Trains an adapter of the parent's base where the parent has one of these settings, else a new one, drawn by `seed`,
   * of the parent itself. Absent: all weights are trained.
   */
  readonly lora?: (LoraSettings & { readonly seed: number }) | undefined;
}

/** Means over the optimizer steps of the update unless said otherwise; dimensionless or nats. */
export interface UpdateMetrics {
  readonly steps: number;
  readonly loss: number;
  readonly policyLoss: number;
  readonly kl: number;
  readonly entropy: number;
  readonly clipFraction: number;
  readonly gradientNorm: number;
  /** Response tokens trained on, and unique tokens computed after packing. */
  readonly responseTokens: number;
  readonly packedTokens: number;
}

export interface UpdateResult {
  readonly checkpoint: ArtifactRef;
  readonly weightsSha256: string;
  readonly optimizerSha256: string;
  readonly metrics: UpdateMetrics;
}

export interface PolicyTrainer {
  /** A function of the request alone: the same request gives the same bytes. */
  update(request: UpdateRequest, onProgress: OnProgress, signal: AbortSignal): Promise<UpdateResult>;
}

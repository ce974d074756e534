/** How the engine's time grows: with prompt length, samples, turns, threads and the model's shape. One thing changes at a time. */
import type { OptimizerSettings } from "../../src/core/ports/policy.ts";
import { seededRandom } from "../../src/core/random.ts";
import type { Row, Side } from "./sides.ts";

interface Shape {
  readonly promptTokens: number;
  readonly samples: number;
  readonly turns: number;
}

interface Grown extends Shape {
  readonly model: string;
  readonly threads: number;
  readonly uniqueTokens: number;
  readonly updateSeconds: number;
  readonly sampleSeconds: number;
}

const responseTokens = 48;
/** What a turn adds to the prefix of the next: the response that was gone on with, and a tool's output. */
const turnTokens = responseTokens + 24;
const base: Shape = { promptTokens: 400, samples: 16, turns: 1 };

/** What may grow; each is measured by itself, in a few minutes. */
export const growing = ["prompt", "samples", "turns", "threads", "model"] as const;
export type Growing = (typeof growing)[number];

const shapesOf: Readonly<Record<"prompt" | "samples" | "turns", readonly Shape[]>> = {
  prompt: [100, 200, 400, 800, 1600].map((promptTokens) => ({ ...base, promptTokens })),
  samples: [4, 8, 16, 32].map((samples) => ({ ...base, samples })),
  turns: [1, 2, 4].map((turns) => ({ ...base, samples: 8, turns })),
};

const llama = (hidden: number, layers: number, heads: number, kvHeads: number, intermediate: number) => ({
  model_type: "llama",
  hidden_size: hidden,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  num_key_value_heads: kvHeads,
  intermediate_size: intermediate,
  vocab_size: 49_152,
  rms_norm_eps: 1e-5,
  rope_theta: 100_000,
  tie_word_embeddings: true,
  max_position_embeddings: 8192,
});
/** Shapes of SmolLM2-360M and of Qwen2.5-0.5B; the weights are drawn, as time does not depend on them. */
const models: Readonly<Record<string, object>> = {
  "360M": llama(960, 32, 15, 5, 2560),
  "0.5B": {
    ...llama(896, 24, 14, 2, 4864),
    model_type: "qwen2",
    vocab_size: 151_936,
    rope_theta: 1_000_000,
    rms_norm_eps: 1e-6,
  },
};

type Open = (model?: string, threads?: number) => Promise<Side>;

export async function growth(
  open: Open,
  wanted: readonly Growing[],
  optimizer: OptimizerSettings,
  note: (text: string) => void,
): Promise<Grown[]> {
  const grown: Grown[] = [];
  const measure = async (side: Side, shape: Shape, model: string, threads: number) => {
    const { rows, prompts } = drawCase(shape);
    const update = { op: "update", rows, klCoefficient: 0, optimizer } as const;
    const sample = { op: "sample", prompts, samples: shape.samples, tokens: responseTokens } as const;
    // Once before, for the graphs of this shape.
    await side.ask(update);
    await side.ask(sample);
    const [updated, sampled] = [await side.ask(update), await side.ask(sample)];
    const row = {
      ...shape,
      model,
      threads,
      uniqueTokens: updated.uniqueTokens!,
      updateSeconds: updated.wallMs / 1000,
      sampleSeconds: sampled.wallMs / 1000,
    };
    note(`growth: ${JSON.stringify(row)}`);
    grown.push(row);
  };
  const shapes = wanted.flatMap((what) => (what === "threads" || what === "model" ? [] : shapesOf[what]));
  const rest = wanted.includes("threads") || wanted.includes("model") ? [base] : [];
  const usual = await open();
  for (const shape of [...shapes, ...rest]) await measure(usual, shape, "135M", 2);
  await usual.end();
  if (wanted.includes("threads")) {
    const single = await open(undefined, 1);
    await measure(single, base, "135M", 1);
    await single.end();
  }
  for (const [name, config] of wanted.includes("model") ? Object.entries(models) : []) {
    const side = await open(JSON.stringify(config));
    await measure(side, base, name, 2);
    await side.end();
  }
  return grown;
}

/** Prefixes that extend each other, as a trajectory's do, and `samples` responses at each. */
function drawCase({ promptTokens, samples, turns }: Shape): { rows: Row[]; prompts: number[][] } {
  const random = seededRandom(4);
  const draw = (count: number) => Array.from({ length: count }, () => random.integer(49_000));
  const whole = draw(promptTokens + (turns - 1) * turnTokens);
  const prompts = Array.from({ length: turns }, (_, turn) =>
    whole.slice(0, promptTokens + turn * turnTokens),
  );
  const rows = prompts.flatMap((prompt) =>
    Array.from({ length: samples }, () => ({
      prompt,
      response: draw(responseTokens),
      logprobs: Array.from({ length: responseTokens }, () => -10),
      advantage: random.next() * 2 - 1,
    })),
  );
  return { rows, prompts };
}

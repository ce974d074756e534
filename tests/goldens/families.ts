/** The tiny models of `families.py`, as the engine's own types; their weights are made here as they are made there. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ToolDocument } from "../../src/core/environment/environment.ts";
import type { ChatMessage } from "../../src/core/ports/policy.ts";
import { parseLlamaConfig } from "../../src/engine/model/config.ts";
import { emptyWeights, type Weights } from "../../src/engine/model/weights.ts";

interface GreedyGolden {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
}

export interface CaseGolden {
  readonly config: object;
  readonly rows: readonly {
    readonly prompt: readonly number[];
    readonly response: readonly number[];
    readonly logp: readonly number[];
    readonly entropy: readonly number[];
    /** The loss is sum dLogp logp + dEntropy entropy. */
    readonly dLogp: readonly number[];
    readonly dEntropy: readonly number[];
  }[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly greedy: GreedyGolden;
}

interface RopeGolden {
  readonly config: object;
  readonly positions: readonly number[];
  /** [positions, headSize / 2] */
  readonly cos: readonly number[];
  readonly sin: readonly number[];
}

export interface FolderGolden {
  readonly chats: readonly {
    readonly messages: readonly ChatMessage[];
    readonly tools: readonly ToolDocument[];
    /** `enable_thinking`, null where the template has no such thing. */
    readonly thinking: boolean | null;
    readonly text: string;
    readonly ids: readonly number[];
  }[];
  readonly tokens: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly greedy: GreedyGolden & { readonly text: string };
}

export const familyFolders = ["llama", "qwen2", "qwen3"] as const;

export const familyGoldens = JSON.parse(
  readFileSync(new URL("fixtures/families.json", import.meta.url), "utf8"),
) as {
  readonly cases: Readonly<Record<string, CaseGolden>>;
  readonly ropes: Readonly<Record<string, RopeGolden>>;
  readonly folders: Readonly<Record<(typeof familyFolders)[number], FolderGolden>>;
};

/** The folder that `save_pretrained` wrote, without weights. */
export const familyFolder = (name: string) =>
  fileURLToPath(new URL(`fixtures/families/${name}`, import.meta.url));

/** `mix` of families.py: evenly spread 32-bit integers of a counter. */
function mix(counter: number): number {
  let x = counter;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** `fill` of families.py. */
export function familyWeights(config: object): Weights {
  const weights = emptyWeights(parseLlamaConfig(config));
  let counter = 0;
  for (const [name, { data }] of [...weights.tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (let i = 0; i < data.length; i++) {
      const noise = mix(counter++) / 2 ** 32 - 0.5;
      data[i] = name.includes("norm") ? 1 + 0.4 * noise : 1.2 * noise;
    }
  }
  return weights;
}

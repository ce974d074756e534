/**
 * A batch as programs in other languages read it: a forest of tokens, each with its parent, its label and its optimizer
 * step. What rows share before their first trained token is stored once; a response is a branch of its own. The forest
 * says the same as the rows it was made of: the same tokens before each trained token, and the same values on it.
 * Layout: docs/contracts/trainer.md.
 */
import type { TrainingRow } from "../../core/ports/policy.ts";

/** All [N], one value a token; a parent stands before its children, in the same mini-batch. */
export interface TokenForest {
  readonly ids: Int32Array;
  /** Index of the token before, -1 at the start of a row. */
  readonly parents: Int32Array;
  /** Optimizer step that the token is trained in, from 0, ascending. */
  readonly miniBatches: Int32Array;
  /** 1 where the token is trained on. */
  readonly masks: Int32Array;
  /** 0 where the mask is 0. */
  readonly advantages: Float32Array;
  /** log p of the token when it was sampled, nats; 0 where the mask is 0 or the loss needs none. */
  readonly oldLogprobs: Float32Array;
}

/** Rows with nothing to train on are left out. */
export function forestOf(miniBatches: readonly (readonly TrainingRow[])[]): TokenForest {
  const ids: number[] = [];
  const parents: number[] = [];
  const steps: number[] = [];
  const masks: number[] = [];
  const advantages: number[] = [];
  const oldLogprobs: number[] = [];
  for (const [step, rows] of miniBatches.entries()) {
    const shared = new Map<string, number>();
    const append = (id: number, parent: number, mask: number, advantage: number, logprob: number) => {
      parents.push(parent);
      steps.push(step);
      masks.push(mask);
      advantages.push(advantage);
      oldLogprobs.push(logprob);
      return ids.push(id) - 1;
    };
    for (const { prompt, response, mask, advantages: A, logprobs } of rows) {
      const first = mask.indexOf(1);
      if (first < 0) continue;
      let node = -1;
      for (const id of [...prompt, ...response.slice(0, first)]) {
        const key = `${node} ${id}`;
        const known = shared.get(key) ?? append(id, node, 0, 0, 0);
        shared.set(key, known);
        node = known;
      }
      for (let i = first; i <= mask.lastIndexOf(1); i++)
        node =
          mask[i] === 1
            ? append(response[i]!, node, 1, A[i]!, logprobs?.[i] ?? 0)
            : append(response[i]!, node, 0, 0, 0);
    }
  }
  return {
    ids: Int32Array.from(ids),
    parents: Int32Array.from(parents),
    miniBatches: Int32Array.from(steps),
    masks: Int32Array.from(masks),
    advantages: Float32Array.from(advantages),
    oldLogprobs: Float32Array.from(oldLogprobs),
  };
}

/** A row for each leaf, in the order of the leaves; its prompt ends before its first trained token. */
export function rowsOf(forest: TokenForest): TrainingRow[][] {
  const { ids, parents, miniBatches, masks, advantages, oldLogprobs } = forest;
  const hasChild = new Set(parents);
  const rows: TrainingRow[][] = Array.from({ length: (miniBatches.at(-1) ?? -1) + 1 }, () => []);
  for (let leaf = 0; leaf < ids.length; leaf++) {
    if (hasChild.has(leaf)) continue;
    const path: number[] = [];
    for (let node = leaf; node >= 0; node = parents[node]!) path.unshift(node);
    const first = path.findIndex((node) => masks[node] === 1);
    const said = path.slice(first);
    rows[miniBatches[leaf]!]!.push({
      prompt: path.slice(0, first).map((node) => ids[node]!),
      response: said.map((node) => ids[node]!),
      mask: said.map((node) => (masks[node] === 1 ? 1 : 0)),
      advantages: said.map((node) => advantages[node]!),
      logprobs: said.map((node) => oldLogprobs[node]!),
    });
  }
  return rows;
}

/**
 * The head's two training graphs over a block of rows: hidden states to the log-probability of one target each and the
 * entropy of the whole distribution, and back. Logits live inside one run only; the caller keeps blocks small.
 */
import { gradients } from "../autodiff/gradients.ts";
import { createGraph, type Graph } from "../graph/graph.ts";
import { logProbability } from "../ops/log-probability.ts";
import { rmsNorm } from "../ops/normalize.ts";
import { linear } from "../ops/products.ts";
import type { GraphSource } from "../runtime/session.ts";
import type { LlamaConfig } from "./config.ts";

export interface HeadShape {
  /** N: rows of this block, with padding. */
  readonly rows: number;
  /** With the entropy, or its gradient: three more passes over the logits. */
  readonly entropy: boolean;
}

/** A frozen head has a gradient with respect to its input only. */
interface HeadBackwardShape extends HeadShape {
  readonly frozen: boolean;
}

/** x [N, hidden], norm [hidden], head [V, hidden], targets [N, 1] -> logp [N, 1] and entropy [N, 1], in nats. */
export function headForwardGraph(config: LlamaConfig, shape: HeadShape): GraphSource {
  return {
    key: `head-forward ${JSON.stringify(config)} ${JSON.stringify(shape)}`,
    build: () => {
      const g = createGraph();
      const { logp, entropy } = trainingHead(g, config, shape);
      g.output("logp", logp);
      if (shape.entropy) g.output("entropy", entropy);
      return g.encode();
    },
  };
}

/** The forward inputs, dLogp [N, 1] and dEntropy [N, 1] -> dx, and unless it is frozen dNorm, dHead. */
export function headBackwardGraph(config: LlamaConfig, shape: HeadBackwardShape): GraphSource {
  return {
    key: `head-backward ${JSON.stringify(config)} ${JSON.stringify(shape)}`,
    build: () => {
      const g = createGraph();
      const { x, norm, head, logp, entropy } = trainingHead(g, config, shape);
      const seeds = [{ tensor: logp, gradient: g.input("dLogp", logp.shape) }];
      if (shape.entropy) seeds.push({ tensor: entropy, gradient: g.input("dEntropy", entropy.shape) });
      const [dx, dNorm, dHead] = gradients(g, seeds, [x, norm, head]);
      g.output("dx", dx!);
      if (shape.frozen) return g.encode();
      g.output("dNorm", dNorm!);
      g.output("dHead", dHead!);
      return g.encode();
    },
  };
}

function trainingHead(g: Graph, config: LlamaConfig, { rows }: HeadShape) {
  const x = g.input("x", [rows, config.hiddenSize]);
  const norm = g.input("norm", [config.hiddenSize]);
  const head = g.input("head", [config.vocabularySize, config.hiddenSize]);
  const targets = g.input("targets", [rows, 1], "int64");
  const logits = linear(g, rmsNorm(g, x, norm, config.rmsNormEpsilon), head);
  return { x, norm, head, ...logProbability(g, logits, targets) };
}

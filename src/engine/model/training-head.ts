/**
 * The head's training graphs: the final norm, there and back, and the projection onto a slice of the vocabulary, there and
 * back. A slice's logits fit the processor's cache, so what is done with them element by element costs little beside
 * their products (Cut Cross-Entropy, Wijmans et al., arXiv 2411.09009); each slice of the head has its whole gradient in one run.
 */
import { gradients } from "../autodiff/gradients.ts";
import { createGraph, type Graph, type Tensor } from "../graph/graph.ts";
import { add, exp, multiply, subtract } from "../ops/elementwise.ts";
import { rmsNorm, rowSum } from "../ops/normalize.ts";
import { linear, outerProduct } from "../ops/products.ts";
import type { GraphSource } from "../runtime/session.ts";
import type { LlamaConfig } from "./config.ts";

/** N rows of hidden states against a slice of V tokens. */
export interface SliceShape {
  readonly rows: number;
  readonly tokens: number;
  /** With what the entropy, or its gradient, needs. */
  readonly entropy: boolean;
  /** The forward graph returns the logits, and the backward one takes them instead of computing them again. */
  readonly keeps: boolean;
}

/** A frozen head has a gradient with respect to its input only. */
interface SliceBackwardShape extends SliceShape {
  readonly frozen: boolean;
}

/** x [N, hidden], norm [hidden] -> y [N, hidden]. */
export function finalNormGraph(config: LlamaConfig, rows: number): GraphSource {
  return {
    key: `head-norm-forward ${JSON.stringify(config)} ${rows}`,
    build: () => {
      const g = createGraph();
      g.output("y", finalNorm(g, config, rows).y);
      return g.encode();
    },
  };
}

/** The same and dy [N, hidden] -> dx, and dNorm unless it is frozen. */
export function finalNormBackwardGraph(config: LlamaConfig, rows: number, frozen: boolean): GraphSource {
  return {
    key: `head-norm-backward ${JSON.stringify(config)} ${rows} ${frozen}`,
    build: () => {
      const g = createGraph();
      const { x, norm, y } = finalNorm(g, config, rows);
      const [dx, dNorm] = gradients(g, [{ tensor: y, gradient: g.input("dy", y.shape) }], [x, norm]);
      g.output("dx", dx!);
      if (!frozen) g.output("dNorm", dNorm!);
      return g.encode();
    },
  };
}

function finalNorm(g: Graph, { hiddenSize, rmsNormEpsilon }: LlamaConfig, rows: number) {
  const x = g.input("x", [rows, hiddenSize]);
  const norm = g.input("norm", [hiddenSize]);
  return { x, norm, y: rmsNorm(g, x, norm, rmsNormEpsilon) };
}

/**
 * states [N, hidden], head [V, hidden], targets [N, 1] int64 within the slice -> of each row's logits z: `target` z_t, `peak`
 * m = max z, `sum` of exp(z - m), and for the entropy `moment`, the sum of exp(z - m) (z - m); all [N, 1].
 */
export function sliceForwardGraph(config: LlamaConfig, shape: SliceShape): GraphSource {
  return {
    key: `head-forward ${JSON.stringify(config)} ${JSON.stringify(shape)}`,
    build: () => {
      const g = createGraph();
      const { logits } = slice(g, config, shape);
      const column = { shape: [shape.rows, 1] };
      const targets = g.input("targets", column.shape, "int64");
      const peak = g.op("ReduceMax", [logits, lastAxis(g)], column, { keepdims: 1 });
      const below = subtract(g, logits, peak);
      const powers = exp(g, below);
      g.output("target", g.op("GatherElements", [logits, targets], column, { axis: 1 }));
      g.output("peak", peak);
      g.output("sum", rowSum(g, powers));
      if (shape.entropy) g.output("moment", rowSum(g, multiply(g, powers, below)));
      if (shape.keeps) g.output("logits", logits);
      return g.encode();
    },
  };
}

/**
 * states, head, logTotal [N, 1] (the log of the whole vocabulary's sum of exp z), dLogp [N, 1], and for the entropy H itself and
 * dEntropy, all [N, 1]; dStates [N, hidden] of the slices before -> dStates with this one's part, and
 * dHead [V, hidden] unless it is frozen:
 *
 *   p = exp(z - logTotal),  dz = -p (dLogp + dEntropy (log p + H))
 *
 * without the target's own part, onehot(t) dLogp, which is one row of the head and left to the caller.
 */
export function sliceBackwardGraph(config: LlamaConfig, shape: SliceBackwardShape): GraphSource {
  return {
    key: `head-backward ${JSON.stringify(config)} ${JSON.stringify(shape)}`,
    build: () => {
      const g = createGraph();
      const { states, head, logits } = slice(g, config, shape);
      if (shape.keeps) g.feed("logits", logits);
      const column = (name: string) => g.input(name, [shape.rows, 1]);
      const logp = subtract(g, logits, column("logTotal"));
      const minusDLogp = column("minusDLogp");
      const weight = shape.entropy
        ? subtract(g, minusDLogp, multiply(g, add(g, logp, column("H")), column("dEntropy")))
        : minusDLogp;
      const dLogits = multiply(g, exp(g, logp), weight);
      const before = g.input("before", states.shape);
      g.output("dStates", g.op("Gemm", [dLogits, head, before], { shape: states.shape }));
      if (!shape.frozen) {
        g.output("dHead", outerProduct(g, dLogits, states));
      }
      return g.encode();
    },
  };
}

function slice(g: Graph, { hiddenSize }: LlamaConfig, { rows, tokens }: SliceShape) {
  const states = g.input("states", [rows, hiddenSize]);
  const head = g.input("head", [tokens, hiddenSize]);
  return { states, head, logits: linear(g, states, head) };
}

const lastAxis = (g: Graph): Tensor => g.constant(BigInt64Array.of(-1n), [1]);

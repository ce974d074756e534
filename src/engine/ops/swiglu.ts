/** The gated activation of Llama's feed-forward block (Shazeer, arXiv 2002.05202). */
import type { Graph, Tensor } from "../graph/graph.ts";
import { add, multiply, subtract } from "./elementwise.ts";
import { applyOne, type Operation, requireShape, sameShape, soleGradient } from "./operation.ts";

/**
 * y = silu(gate) * up with silu(a) = a sigmoid(a): gate, up [T, F] -> [T, F].
 *   dup = d silu(gate),  dgate = d up (sig + silu - silu sig)
 */
export const swigluOperation: Operation = {
  name: "swiglu",
  forward: (g, [gate, up]) => {
    requireShape(
      sameShape(gate!.shape, up!.shape),
      "swiglu",
      { gate: gate!, up: up! },
      "gate and up must have one shape",
    );
    const shape = gate!.shape;
    // A forward graph's Sigmoid and Mul become one QuickGelu in ONNX Runtime; a backward graph wants the sigmoid again.
    const sigmoid = g.op("Sigmoid", [gate!], { shape });
    const silu = multiply(g, gate!, sigmoid);
    return { outputs: [multiply(g, silu, up!)], saved: { sigmoid, silu } };
  },
  vjp: (g, { inputs: [, up], saved: { sigmoid, silu } }, gradients) => {
    const d = soleGradient(gradients);
    const slope = subtract(g, add(g, sigmoid!, silu!), multiply(g, silu!, sigmoid!));
    return [multiply(g, multiply(g, d, up!), slope), multiply(g, d, silu!)];
  },
};

export const swiglu = (g: Graph, gate: Tensor, up: Tensor) => applyOne(g, swigluOperation, [gate, up], {});

/** Normalizations along the last axis: root mean square, and softmax. */
import type { Graph, Tensor } from "../graph/graph.ts";
import { ints } from "./constants.ts";
import { multiply, subtract } from "./elementwise.ts";
import { reshape } from "./layout.ts";
import { applyOne, type Operation, requireShape, sameShape, soleGradient } from "./operation.ts";
import { matmul } from "./products.ts";

interface RmsNormAttributes {
  readonly epsilon: number;
}

const lastAxisOne = (shape: readonly number[]) => [...shape.slice(0, -1), 1];

/** Sum along the last axis, which stays as a size of 1. */
export const rowSum = (g: Graph, x: Tensor) =>
  g.op("ReduceSum", [x, ints(g, [-1])], { shape: lastAxisOne(x.shape) }, { keepdims: 1 });

/**
 * y = w * x * r with r = 1 / sqrt(mean(x^2) + epsilon) per row: x [T, D], w [D] -> [T, D].
 *   n = x r,  dw = sum_T(d n),  dx = r (w d - n mean(w d n))
 */
export const rmsNormOperation: Operation<RmsNormAttributes> = {
  name: "rmsNorm",
  forward: (g, [x, w], { epsilon }) => {
    requireShape(
      x!.shape.length === 2 && sameShape(w!.shape, x!.shape.slice(1)),
      "rmsNorm",
      { x: x!, w: w! },
      `x must be [T, D] and w [D] with D = ${x!.shape.at(-1)}`,
    );
    const [y, scale] = g.opWithOutputs(
      "SimplifiedLayerNormalization",
      [x!, w!],
      [{ shape: x!.shape }, { shape: lastAxisOne(x!.shape) }],
      { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
    );
    return { outputs: [y!], saved: { scale: scale! } };
  },
  vjp: (g, { inputs: [x, w], saved: { scale } }, gradients) => {
    const d = soleGradient(gradients);
    const size = w!.shape[0]!;
    const normalized = multiply(g, x!, scale!);
    const product = multiply(g, d, normalized);
    const dw = g.op("ReduceSum", [product, ints(g, [0])], { shape: w!.shape }, { keepdims: 0 });
    const mean = matmul(g, product, reshape(g, w!, [size, 1]), { scale: 1 / size });
    const direct = multiply(g, d, w!);
    return [multiply(g, subtract(g, direct, multiply(g, normalized, mean)), scale!), dw];
  },
};

/** p = exp(x) / sum exp(x) along the last axis;  dx = p (d - sum(d p)). */
export const softmaxOperation: Operation = {
  name: "softmax",
  forward: (g, [x]) => {
    requireShape(x!.shape.length > 0, "softmax", { x: x! }, "x must have an axis to normalize");
    return { outputs: [g.op("Softmax", [x!], { shape: x!.shape }, { axis: -1 })] };
  },
  vjp: (g, { outputs: [p] }, gradients) => {
    const product = multiply(g, soleGradient(gradients), p!);
    return [subtract(g, product, multiply(g, p!, rowSum(g, product)))];
  },
};

export const rmsNorm = (g: Graph, x: Tensor, w: Tensor, epsilon: number) =>
  applyOne(g, rmsNormOperation, [x, w], { epsilon });
export const softmax = (g: Graph, x: Tensor) => applyOne(g, softmaxOperation, [x], {});

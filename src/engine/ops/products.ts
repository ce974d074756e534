/** Products of matrices: a layer's weights, and batches of matrices. */
import type { Graph, Tensor } from "../graph/graph.ts";
import { ints } from "./constants.ts";
import { applyOne, type Operation, requireShape, sameShape, soleGradient } from "./operation.ts";

/**
 * y = x W^T with W in Hugging Face's layout: x [T, in], W [out, in] -> [T, out].
 *   dx = d W,  dW = d^T x
 */
export const linearOperation: Operation = {
  name: "linear",
  forward: (g, [x, w]) => {
    requireShape(
      x!.shape.length === 2 && w!.shape.length === 2 && x!.shape[1] === w!.shape[1],
      "linear",
      { x: x!, w: w! },
      `x must be [T, in] and w [out, in] with in = ${x!.shape.at(-1)}`,
    );
    return { outputs: [g.op("Gemm", [x!, w!], { shape: [x!.shape[0]!, w!.shape[0]!] }, { transB: 1 })] };
  },
  vjp: (g, { inputs: [x, w] }, gradients) => {
    const d = soleGradient(gradients);
    return [g.op("Gemm", [d, w!], { shape: x!.shape }), outerProduct(g, d, x!)];
  },
};

/**
 * d^T x [out, in] of d [T, out] and x [T, in]. ONNX Runtime's Gemm transposes its first operand again for each block of
 * columns; where that operand is the larger one, transposing it once before takes a quarter less (docs/log.md). The axis of 1
 * keeps the optimizer from putting the two together again.
 */
export function outerProduct(g: Graph, d: Tensor, x: Tensor): Tensor {
  const [rows, out] = d.shape as [number, number];
  const shape = [out, x.shape[1]!];
  if (out <= x.shape[1]!) return g.op("Gemm", [d, x], { shape }, { transA: 1 });
  const lifted = g.op("Reshape", [d, ints(g, [1, rows, out])], { shape: [1, rows, out] });
  const turned = g.op("Transpose", [lifted], { shape: [1, out, rows] }, { perm: [0, 2, 1] });
  const flat = g.op("Reshape", [turned, ints(g, [out, rows])], { shape: [out, rows] });
  return g.op("Gemm", [flat, x], { shape });
}

export interface MatmulAttributes {
  /** Transpose the last two axes of a, of b. */
  readonly transA: boolean;
  readonly transB: boolean;
  /** The product is multiplied by this. */
  readonly scale: number;
}

/** scale * op(a) op(b) for each matrix of a batch: a [..., m, k], b [..., k, n] -> [..., m, n], op being a transpose or nothing. */
export const matmulOperation: Operation<MatmulAttributes> = {
  name: "matmul",
  forward: (g, [a, b], { transA, transB, scale }) => {
    const [m, k] = matrixSize(a!, transA);
    const [inner, n] = matrixSize(b!, transB);
    const batch = a!.shape.slice(0, -2);
    requireShape(
      a!.shape.length >= 2 && k === inner && sameShape(batch, b!.shape.slice(0, -2)),
      "matmul",
      { a: a!, b: b! },
      `a must be [..., m, k] and b [..., k, n]${transA ? ", a transposed" : ""}${transB ? ", b transposed" : ""}; k is ${k} and ${inner}`,
    );
    const attributes = { transA: Number(transA), transB: Number(transB), alpha: { float: scale } };
    const shape = [...batch, m, n];
    return { outputs: [g.op("com.microsoft.FusedMatMul", [a!, b!], { shape }, attributes)] };
  },
  vjp: (g, { inputs: [a, b], attributes: { transA, transB, scale } }, gradients) => {
    const d = soleGradient(gradients);
    return [
      transA
        ? matmul(g, b!, d, { transA: transB, transB: true, scale })
        : matmul(g, d, b!, { transB: !transB, scale }),
      transB
        ? matmul(g, d, a!, { transA: true, transB: transA, scale })
        : matmul(g, a!, d, { transA: !transA, scale }),
    ];
  },
};

function matrixSize({ shape }: Tensor, transposed: boolean): [number, number] {
  const rows = shape.at(-2) ?? 0;
  const columns = shape.at(-1) ?? 0;
  return transposed ? [columns, rows] : [rows, columns];
}

export const linear = (g: Graph, x: Tensor, w: Tensor) => applyOne(g, linearOperation, [x, w], {});
export const matmul = (g: Graph, a: Tensor, b: Tensor, attributes: Partial<MatmulAttributes> = {}) =>
  applyOne(g, matmulOperation, [a, b], { transA: false, transB: false, scale: 1, ...attributes });

/**
 * Attention of grouped queries under a mask. The queries of a group are folded into rows, so that keys and values stand
 * once per key head and their gradients need no sum over the group.
 */
import type { Graph, Tensor } from "../graph/graph.ts";
import { add, multiply, subtract } from "./elementwise.ts";
import { reshape } from "./layout.ts";
import { rowSum, softmax } from "./normalize.ts";
import { applyOne, type Operation, requireShape, sameShape, soleGradient } from "./operation.ts";
import { matmul } from "./products.ts";

/** Added to a score to hide its key: exp of it is exactly 0 beside a visible key, and a row that sees none stays a number. */
export const hidden = -1e9;

interface AttentionAttributes {
  /** Usually 1 / sqrt(D). */
  readonly scale: number;
}

/**
 * O = P V with P = softmax(scale Q K^T + mask): q [KV, g * R, D], k and v [KV, K, D], mask [R, K] (0 to see,
 * `hidden` otherwise) -> [KV, g * R, D]. Row a * R + r of q is query r of the group's head a.
 *   dV = P^T d,  dS = P (d V^T - rowsum(d O)),  dQ = scale dS K,  dK = scale dS^T Q
 * The sum over d O instead of dP P is FlashAttention's (arXiv 2205.14135): O is much smaller than P.
 */
export const attentionOperation: Operation<AttentionAttributes> = {
  name: "attention",
  forward: (g, [q, k, v, mask], { scale }) => {
    const [heads, rows, size] = q!.shape;
    const [queries, keys] = mask!.shape;
    requireShape(
      sameShape(k!.shape, [heads!, keys!, size!]) && sameShape(v!.shape, k!.shape) && rows! % queries! === 0,
      "attention",
      { q: q!, k: k!, v: v!, mask: mask! },
      "q must be [KV, g * R, D], k and v [KV, K, D], mask [R, K]",
    );
    const scores = matmul(g, q!, k!, { transB: true, scale });
    const groups = (heads! * rows!) / queries!;
    const masked = add(g, reshape(g, scores, [groups, queries!, keys!]), mask!);
    const weights = reshape(g, softmax(g, masked), scores.shape);
    return { outputs: [matmul(g, weights, v!)], saved: { weights } };
  },
  vjp: (g, { inputs: [q, k, v], outputs: [o], saved: { weights }, attributes: { scale } }, gradients) => {
    const d = soleGradient(gradients);
    const dWeights = matmul(g, d, v!, { transB: true });
    const dScores = multiply(g, subtract(g, dWeights, rowSum(g, multiply(g, d, o!))), weights!);
    return [
      matmul(g, dScores, k!, { scale }),
      matmul(g, dScores, q!, { transA: true, scale }),
      matmul(g, weights!, d, { transA: true }),
      undefined,
    ];
  },
};

export interface AttentionTensors {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly mask: Tensor;
}

export const attention = (g: Graph, { q, k, v, mask }: AttentionTensors, scale: number) =>
  applyOne(g, attentionOperation, [q, k, v, mask], { scale });

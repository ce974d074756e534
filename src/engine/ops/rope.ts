/** Rotary position embedding (RoFormer, arXiv 2104.09864), in the half-split layout of Hugging Face's Llama. */
import type { Graph, Tensor } from "../graph/graph.ts";
import { negate } from "./elementwise.ts";
import { reshape } from "./layout.ts";
import { applyOne, type Operation, requireShape, soleGradient } from "./operation.ts";

interface RopeAttributes {
  readonly heads: number;
}

/**
 * Turns pair (i, i + D/2) of each head by the angle of its position: x [T, heads * D], positions [1, T] int64,
 * cos and sin [P, D/2] -> [T, heads * D]; ONNX Runtime wants P >= T, whatever the positions are. A rotation's transpose turns back: the rule is the operation with -sin.
 */
export const ropeOperation: Operation<RopeAttributes> = {
  name: "rope",
  forward: (g, [x, positions, cos, sin], { heads }) => {
    const [tokens, width] = x!.shape;
    requireShape(
      x!.shape.length === 2 &&
        positions!.shape[1] === tokens &&
        cos!.shape[1]! * 2 * heads === width &&
        cos!.shape[0]! >= tokens!,
      "rope",
      { x: x!, positions: positions!, cos: cos!, sin: sin! },
      `x must be [T, ${heads} * D], positions [1, T], cos and sin [at least T, D / 2]`,
    );
    const row = reshape(g, x!, [1, tokens!, width!]);
    const turned = g.op(
      "com.microsoft.RotaryEmbedding",
      [row, positions!, cos!, sin!],
      { shape: row.shape },
      { num_heads: heads, rotary_embedding_dim: 0 },
    );
    return { outputs: [reshape(g, turned, x!.shape)] };
  },
  vjp: (g, { inputs: [, positions, cos, sin], attributes: { heads } }, gradients) => [
    rope(g, soleGradient(gradients), { positions: positions!, cos: cos!, sin: negate(g, sin!) }, heads),
    undefined,
    undefined,
    undefined,
  ],
};

/** Where each token stands, and the angle tables of `model/rope-tables.ts`. */
export interface RotaryTensors {
  readonly positions: Tensor;
  readonly cos: Tensor;
  readonly sin: Tensor;
}

export const rope = (g: Graph, x: Tensor, { positions, cos, sin }: RotaryTensors, heads: number) =>
  applyOne(g, ropeOperation, [x, positions, cos, sin], { heads });

/** The small constants that operations take as inputs: scalars, and lists of ints (shapes, axes, lengths). */
import type { Graph, Tensor } from "../graph/graph.ts";

export const scalar = (g: Graph, value: number): Tensor => g.constant(Float32Array.of(value), []);

export const ints = (g: Graph, values: readonly number[]): Tensor =>
  g.constant(BigInt64Array.from(values, BigInt), [values.length]);

/** Float32 zeros, which is ConstantOfShape's default. */
export const zeros = (g: Graph, shape: readonly number[]): Tensor =>
  g.op("ConstantOfShape", [ints(g, shape)], { shape });

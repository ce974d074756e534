/** Operations that move values and compute nothing: reshape, transpose, concat, split and gathering rows. */
import type { Graph, Tensor } from "../graph/graph.ts";
import { ints, zeros } from "./constants.ts";
import {
  apply,
  applyOne,
  elementCount,
  type Operation,
  requireShape,
  sameShape,
  soleGradient,
} from "./operation.ts";

interface ReshapeAttributes {
  readonly shape: readonly number[];
}

export const reshapeOperation: Operation<ReshapeAttributes> = {
  name: "reshape",
  forward: (g, [x], { shape }) => {
    requireShape(
      elementCount(x!.shape) === elementCount(shape),
      "reshape",
      { x: x! },
      `[${shape.join(", ")}] has ${elementCount(shape)} elements and x has ${elementCount(x!.shape)}`,
    );
    return { outputs: [g.op("Reshape", [x!, ints(g, shape)], { shape, type: x!.type })] };
  },
  vjp: (g, { inputs: [x] }, gradients) => [reshape(g, soleGradient(gradients), x!.shape)],
};

interface TransposeAttributes {
  /** Output axis i is input axis permutation[i]. */
  readonly permutation: readonly number[];
}

export const transposeOperation: Operation<TransposeAttributes> = {
  name: "transpose",
  forward: (g, [x], { permutation }) => {
    requireShape(
      permutation.length === x!.shape.length && x!.shape.every((_, axis) => permutation.includes(axis)),
      "transpose",
      { x: x! },
      `permutation [${permutation.join(", ")}] must name each of the ${x!.shape.length} axes once`,
    );
    const shape = permutation.map((axis) => x!.shape[axis]!);
    return { outputs: [g.op("Transpose", [x!], { shape, type: x!.type }, { perm: permutation })] };
  },
  vjp: (g, { attributes: { permutation } }, gradients) => {
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return [transpose(g, soleGradient(gradients), inverse)];
  },
};

interface AxisAttributes {
  /** Counted from the first, 0. */
  readonly axis: number;
}

const withSize = (shape: readonly number[], axis: number, size: number) =>
  shape.map((old, index) => (index === axis ? size : old));

export const concatOperation: Operation<AxisAttributes> = {
  name: "concat",
  forward: (g, inputs, { axis }) => {
    const [first] = inputs;
    requireShape(
      axis < first!.shape.length &&
        inputs.every(({ shape }) => sameShape(withSize(shape, axis, 0), withSize(first!.shape, axis, 0))),
      "concat",
      Object.fromEntries(inputs.map((input, index) => [`x${index}`, input])),
      `all must agree on every axis but ${axis}`,
    );
    const size = inputs.reduce((total, { shape }) => total + shape[axis]!, 0);
    const shape = withSize(first!.shape, axis, size);
    return { outputs: [g.op("Concat", inputs, { shape, type: first!.type }, { axis })] };
  },
  vjp: (g, { inputs, attributes: { axis } }, gradients) =>
    split(
      g,
      soleGradient(gradients),
      inputs.map(({ shape }) => shape[axis]!),
      axis,
    ),
};

interface SplitAttributes extends AxisAttributes {
  readonly sizes: readonly number[];
}

export const splitOperation: Operation<SplitAttributes> = {
  name: "split",
  forward: (g, [x], { sizes, axis }) => {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    requireShape(
      x!.shape[axis] === total,
      "split",
      { x: x! },
      `sizes [${sizes.join(", ")}] sum to ${total}, which axis ${axis} of x must have`,
    );
    const specs = sizes.map((size) => ({ shape: withSize(x!.shape, axis, size), type: x!.type }));
    return { outputs: g.opWithOutputs("Split", [x!, ints(g, sizes)], specs, { axis }) };
  },
  vjp: (g, { outputs, attributes: { axis } }, gradients) => [
    concat(
      g,
      outputs.map(({ shape }, index) => gradients[index] ?? zeros(g, shape)),
      axis,
    ),
  ],
};

/**
 * Rows of x by index: x [N, ...], indices [n] int64 -> [n, ...].
 * The rule wants the indices distinct: ONNX Runtime adds the rows of ScatterND in parallel and loses sums on duplicates.
 */
export const gatherOperation: Operation = {
  name: "gather",
  forward: (g, [x, indices]) => {
    requireShape(
      indices!.shape.length === 1 && indices!.type === "int64" && x!.shape.length > 0,
      "gather",
      { x: x!, indices: indices! },
      `indices must be a list of int64, not ${indices!.type} of ${indices!.shape.length} axes`,
    );
    const shape = [indices!.shape[0]!, ...x!.shape.slice(1)];
    return { outputs: [g.op("Gather", [x!, indices!], { shape, type: x!.type }, { axis: 0 })] };
  },
  vjp: (g, { inputs: [x, indices] }, gradients) => {
    const places = reshape(g, indices!, [indices!.shape[0]!, 1]);
    const base = zeros(g, x!.shape);
    const shape = x!.shape;
    return [
      g.op("ScatterND", [base, places, soleGradient(gradients)], { shape }, { reduction: "add" }),
      undefined,
    ];
  },
};

export const reshape = (g: Graph, x: Tensor, shape: readonly number[]) =>
  sameShape(x.shape, shape) ? x : applyOne(g, reshapeOperation, [x], { shape });
export const transpose = (g: Graph, x: Tensor, permutation: readonly number[]) =>
  applyOne(g, transposeOperation, [x], { permutation });
export const concat = (g: Graph, inputs: readonly Tensor[], axis: number) =>
  inputs.length === 1 ? inputs[0]! : applyOne(g, concatOperation, inputs, { axis });
export const split = (g: Graph, x: Tensor, sizes: readonly number[], axis: number) =>
  sizes.length === 1 ? [x] : apply(g, splitOperation, [x], { sizes, axis });
export const gather = (g: Graph, x: Tensor, indices: Tensor) =>
  applyOne(g, gatherOperation, [x, indices], {});

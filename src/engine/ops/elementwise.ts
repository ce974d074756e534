/**
 * Element by element, with NumPy's broadcasting for two operands. Where a function has a kink (minimum, maximum, clip) the
 * gradient is that of PyTorch 2.15: ties share it equally, and clip lets nothing through on the limits themselves.
 */
import type { Graph, Tensor } from "../graph/graph.ts";
import { ints, scalar } from "./constants.ts";
import { applyOne, type Operation, requireShape, sameShape, soleGradient } from "./operation.ts";

/** NumPy's rule: axes are aligned at the end and a size of 1 stretches; undefined where sizes differ. */
function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const m = a[a.length - rank + axis] ?? 1;
    const n = b[b.length - rank + axis] ?? 1;
    if (m !== n && m !== 1 && n !== 1) return undefined;
    shape.push(Math.max(m, n));
  }
  return shape;
}

/** The gradient of a broadcast: summed over the axes that were stretched, in one pass. */
function sumTo(g: Graph, gradient: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const stretched = gradient.shape.flatMap((size, axis) =>
    size !== (shape[axis - lead] ?? 1) ? [axis] : [],
  );
  const kept = gradient.shape.map((size, axis) => (stretched.includes(axis) ? 1 : size));
  const sum =
    stretched.length === 0
      ? gradient
      : g.op("ReduceSum", [gradient, ints(g, stretched)], { shape: kept }, { keepdims: 1 });
  return sameShape(sum.shape, shape) ? sum : g.op("Reshape", [sum, ints(g, shape)], { shape });
}

function binary(g: Graph, type: string, name: string, [a, b]: readonly Tensor[]) {
  const shape = broadcastShape(a!.shape, b!.shape);
  requireShape(
    shape !== undefined,
    name,
    { a: a!, b: b! },
    "each pair of sizes, from the last, must be equal or 1",
  );
  return { outputs: [g.op(type, [a!, b!], { shape: shape! })] };
}

export const addOperation: Operation = {
  name: "add",
  forward: (g, inputs) => binary(g, "Add", "add", inputs),
  vjp: (g, { inputs: [a, b] }, gradients) => {
    const d = soleGradient(gradients);
    return [sumTo(g, d, a!.shape), sumTo(g, d, b!.shape)];
  },
};

export const subtractOperation: Operation = {
  name: "subtract",
  forward: (g, inputs) => binary(g, "Sub", "subtract", inputs),
  vjp: (g, { inputs: [a, b] }, gradients) => {
    const d = soleGradient(gradients);
    return [sumTo(g, d, a!.shape), negate(g, sumTo(g, d, b!.shape))];
  },
};

export const multiplyOperation: Operation = {
  name: "multiply",
  forward: (g, inputs) => binary(g, "Mul", "multiply", inputs),
  vjp: (g, { inputs: [a, b] }, gradients) => {
    const d = soleGradient(gradients);
    return [sumTo(g, multiply(g, d, b!), a!.shape), sumTo(g, multiply(g, d, a!), b!.shape)];
  },
};

function requireFloat(operation: string, x: Tensor): void {
  requireShape(x.type === "float32", operation, { x }, `x must be float32, not ${x.type}`);
}

function unary(g: Graph, type: string, name: string, [x]: readonly Tensor[]) {
  requireFloat(name, x!);
  return { outputs: [g.op(type, [x!], { shape: x!.shape })] };
}

export const negateOperation: Operation = {
  name: "negate",
  forward: (g, inputs) => unary(g, "Neg", "negate", inputs),
  vjp: (g, _call, gradients) => [negate(g, soleGradient(gradients))],
};

export const expOperation: Operation = {
  name: "exp",
  forward: (g, inputs) => unary(g, "Exp", "exp", inputs),
  vjp: (g, { outputs: [y] }, gradients) => [multiply(g, soleGradient(gradients), y!)],
};

/** 1 where the comparison holds and 0 elsewhere, float32; it has no gradient. */
export function indicator(g: Graph, type: "Less" | "Greater" | "Equal", a: Tensor, b: Tensor) {
  const shape = broadcastShape(a.shape, b.shape)!;
  return g.op("Cast", [g.op(type, [a, b], { shape, type: "bool" })], { shape }, { to: 1 });
}

/** d(min or max): the gradient goes to the operand that won, half to each on a tie. */
function choose(g: Graph, wins: "Less" | "Greater", [a, b]: readonly Tensor[], d: Tensor) {
  const tie = multiply(g, indicator(g, "Equal", a!, b!), scalar(g, 0.5));
  const toA = multiply(g, d, add(g, indicator(g, wins, a!, b!), tie));
  const toB = multiply(g, d, add(g, indicator(g, wins, b!, a!), tie));
  return [sumTo(g, toA, a!.shape), sumTo(g, toB, b!.shape)];
}

export const minimumOperation: Operation = {
  name: "minimum",
  forward: (g, inputs) => binary(g, "Min", "minimum", inputs),
  vjp: (g, { inputs }, gradients) => choose(g, "Less", inputs, soleGradient(gradients)),
};

export const maximumOperation: Operation = {
  name: "maximum",
  forward: (g, inputs) => binary(g, "Max", "maximum", inputs),
  vjp: (g, { inputs }, gradients) => choose(g, "Greater", inputs, soleGradient(gradients)),
};

interface ClipAttributes {
  readonly low: number;
  readonly high: number;
}

export const clipOperation: Operation<ClipAttributes> = {
  name: "clip",
  forward: (g, [x], { low, high }) => {
    requireFloat("clip", x!);
    return { outputs: [g.op("Clip", [x!, scalar(g, low), scalar(g, high)], { shape: x!.shape })] };
  },
  vjp: (g, { inputs: [x], attributes: { low, high } }, gradients) => {
    const inside = multiply(
      g,
      indicator(g, "Less", scalar(g, low), x!),
      indicator(g, "Less", x!, scalar(g, high)),
    );
    return [multiply(g, soleGradient(gradients), inside)];
  },
};

/** The sum of all elements, shape []. */
export const sumOperation: Operation = {
  name: "sum",
  forward: (g, [x]) => {
    requireFloat("sum", x!);
    return { outputs: [g.op("ReduceSum", [x!], { shape: [] }, { keepdims: 0 })] };
  },
  vjp: (g, { inputs: [x] }, gradients) => [
    g.op("Expand", [soleGradient(gradients), ints(g, x!.shape)], { shape: x!.shape }),
  ],
};

export const add = (g: Graph, a: Tensor, b: Tensor) => applyOne(g, addOperation, [a, b], {});
export const subtract = (g: Graph, a: Tensor, b: Tensor) => applyOne(g, subtractOperation, [a, b], {});
export const multiply = (g: Graph, a: Tensor, b: Tensor) => applyOne(g, multiplyOperation, [a, b], {});
export const negate = (g: Graph, x: Tensor) => applyOne(g, negateOperation, [x], {});
export const exp = (g: Graph, x: Tensor) => applyOne(g, expOperation, [x], {});
export const minimum = (g: Graph, a: Tensor, b: Tensor) => applyOne(g, minimumOperation, [a, b], {});
export const maximum = (g: Graph, a: Tensor, b: Tensor) => applyOne(g, maximumOperation, [a, b], {});
export const clip = (g: Graph, x: Tensor, low: number, high: number) =>
  applyOne(g, clipOperation, [x], { low, high });
export const sum = (g: Graph, x: Tensor) => applyOne(g, sumOperation, [x], {});

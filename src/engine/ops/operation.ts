/**
 * What an operation is: how it is emitted and how its gradient is. Both stand side by side in one file per operation,
 * `table.ts` lists them all, and autodiff knows nothing else.
 */
import type { Call, Graph, Tensor } from "../graph/graph.ts";

export interface Emitted {
  readonly outputs: readonly Tensor[];
  /** Intermediates that the rule wants again. */
  readonly saved?: Readonly<Record<string, Tensor>>;
}

export interface Operation<A extends object = object> {
  readonly name: string;
  /** Checks shapes (`requireShape`), then emits nodes. */
  readonly forward: (g: Graph, inputs: readonly Tensor[], attributes: A) => Emitted;
  /**
   * The vector-Jacobian product: from dL/d(output), undefined where the loss does not depend on that output, to
   * dL/d(input), undefined for an input that has no gradient (indices, masks). Nodes nobody uses cost nothing.
   */
  readonly vjp: (
    g: Graph,
    call: Call & { readonly attributes: A },
    gradients: readonly (Tensor | undefined)[],
  ) => readonly (Tensor | undefined)[];
}

/** Emits an operation and records it as one call, whatever nodes and operations it is made of. */
export function apply<A extends object>(
  g: Graph,
  operation: Operation<A>,
  inputs: readonly Tensor[],
  attributes: A,
): readonly Tensor[] {
  const start = g.calls.length;
  const { outputs, saved = {} } = operation.forward(g, inputs, attributes);
  g.calls.length = start;
  g.calls.push({ operation: operation.name, inputs, outputs, attributes, saved });
  return outputs;
}

/** `apply` for the many operations with one output. */
export function applyOne<A extends object>(
  g: Graph,
  operation: Operation<A>,
  inputs: readonly Tensor[],
  attributes: A,
): Tensor {
  return apply(g, operation, inputs, attributes)[0]!;
}

/** A one-output operation's cotangent: autodiff visits a call only when an output has a gradient. */
export function soleGradient(gradients: readonly (Tensor | undefined)[]): Tensor {
  return gradients[0]!;
}

/** Throws `linear(x [4, 8], w [3, 7]): w must be [out, 8]` unless the condition holds. */
export function requireShape(
  holds: boolean,
  operation: string,
  tensors: Readonly<Record<string, Tensor>>,
  expectation: string,
): void {
  if (holds) return;
  const shapes = Object.entries(tensors).map(([name, { shape }]) => `${name} [${shape.join(", ")}]`);
  throw new Error(`${operation}(${shapes.join(", ")}): ${expectation}`);
}

export const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

export const elementCount = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

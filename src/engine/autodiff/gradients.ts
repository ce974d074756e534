/**
 * Reverse-mode differentiation: one walk over the graph's calls, backwards, asking each operation's rule. The gradient's
 * nodes are added to the same graph, which is how a backward graph comes to compute its forward values again.
 */
import type { Graph, Tensor } from "../graph/graph.ts";
import { add } from "../ops/elementwise.ts";
import { operations } from "../ops/table.ts";

/** A tensor and dL/d(tensor). */
export interface Seed {
  readonly tensor: Tensor;
  readonly gradient: Tensor;
}

/**
 * dL/d(tensor) for each of `wanted`, in order. Contributions to one tensor are added in the reverse order of the calls.
 * Throws when an operation on the way has no rule, and when the seeds do not depend on a wanted tensor.
 */
export function gradients(g: Graph, seeds: readonly Seed[], wanted: readonly Tensor[]): readonly Tensor[] {
  const calls = [...g.calls];
  const reached = new Set(wanted.map(({ name }) => name));
  for (const { inputs, outputs } of calls) {
    if (inputs.some(({ name }) => reached.has(name))) for (const { name } of outputs) reached.add(name);
  }
  const found = new Map<string, Tensor>();
  const accumulate = (name: string, gradient: Tensor) => {
    const before = found.get(name);
    found.set(name, before === undefined ? gradient : add(g, before, gradient));
  };
  for (const { tensor, gradient } of seeds) accumulate(tensor.name, gradient);
  for (const call of calls.reverse()) {
    const incoming = call.outputs.map(({ name }) => found.get(name));
    if (incoming.every((gradient) => gradient === undefined)) continue;
    if (!call.inputs.some(({ name }) => reached.has(name))) continue;
    const operation = operations.get(call.operation);
    if (operation === undefined) {
      throw new Error(
        `operation '${call.operation}' has no gradient; add its rule to src/engine/ops/table.ts`,
      );
    }
    const outgoing = operation.vjp(g, call, incoming);
    for (const [index, { name }] of call.inputs.entries()) {
      const gradient = outgoing[index];
      if (gradient !== undefined && reached.has(name)) accumulate(name, gradient);
    }
  }
  return wanted.map(({ name, shape }) => {
    const gradient = found.get(name);
    if (gradient === undefined) {
      throw new Error(`'${name}' [${shape.join(", ")}] does not reach the loss, so it has no gradient`);
    }
    return gradient;
  });
}

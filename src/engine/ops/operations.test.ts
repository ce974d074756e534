/**
 * The same three tests for every operation of the table: values and gradients against PyTorch in float64
 * (tests/goldens/ops.py), gradients against finite differences of our own values, and the message of a shape error.
 */
import { afterAll, describe, expect, it } from "vitest";
import goldens from "../../../tests/goldens/fixtures/ops.json" with { type: "json" };
import { gradients } from "../autodiff/gradients.ts";
import { createGraph, type Tensor } from "../graph/graph.ts";
import { f32, type HostTensor, i64, Runtime } from "../runtime/session.ts";
import { apply } from "./operation.ts";
import { operations } from "./table.ts";

interface GoldenTensor {
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Golden {
  readonly name: string;
  readonly operation: string;
  readonly attributes: object;
  readonly inputs: readonly GoldenTensor[];
  readonly seeds: readonly GoldenTensor[];
  readonly outputs: readonly GoldenTensor[];
  readonly gradients: readonly (GoldenTensor | null)[];
}

const cases = (goldens as unknown as Golden[]).map((golden, index) => ({ ...golden, key: `${index}` }));
const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 64 });
afterAll(() => runtime.release());

const hostTensor = ({ type, shape, data }: GoldenTensor): HostTensor =>
  type === "int64" ? i64(BigInt64Array.from(data, BigInt), shape) : f32(Float32Array.from(data), shape);

/** Outputs y0, y1, ... of the operation and gradients d0, d1, ... of L = sum of y * seed, for inputs x0, x1, ... */
async function evaluate(golden: Golden & { key: string }, inputs: readonly HostTensor[]) {
  const build = () => {
    const g = createGraph();
    const operands = golden.inputs.map(({ shape, type }, i) =>
      g.input(`x${i}`, shape, type as "float32" | "int64"),
    );
    const outputs = apply(g, operations.get(golden.operation)!, operands, golden.attributes);
    const seeds = outputs.map((tensor, i) => ({ tensor, gradient: g.input(`seed${i}`, tensor.shape) }));
    const trained = golden.gradients.flatMap((gradient, i) => (gradient ? [i] : []));
    const wanted = trained.map((i) => operands[i]!);
    for (const [i, d] of gradients(g, seeds, wanted).entries()) g.output(`d${trained[i]}`, d);
    for (const [i, y] of outputs.entries()) g.output(`y${i}`, y);
    return g.encode();
  };
  const feeds = Object.fromEntries([
    ...inputs.map((tensor, i) => [`x${i}`, tensor]),
    ...golden.seeds.map((seed, i) => [`seed${i}`, hostTensor(seed)]),
  ]);
  return runtime.run({ key: golden.key, build }, feeds);
}

const numbers = (tensor: HostTensor) => [...(tensor.data as Float32Array)];

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number) {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i]! - value), `element ${i}: ${actual[i]} for ${value}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    );
  }
}

describe("the table of operations", () => {
  it("has a golden for every entry", () => {
    expect(new Set(cases.map(({ operation }) => operation))).toEqual(new Set(operations.keys()));
  });

  it("has a shape error for every entry", () => {
    expect(new Set(Object.keys(shapeErrors))).toEqual(new Set(operations.keys()));
  });
});

describe.each(cases)("$name $attributes", (golden) => {
  it("computes PyTorch's values and gradients within 1e-5", async () => {
    const results = await evaluate(golden, golden.inputs.map(hostTensor));
    for (const [i, output] of golden.outputs.entries()) {
      expectClose(numbers(results[`y${i}`]!), output.data, 1e-5);
      expect(results[`y${i}`]!.dims).toEqual(output.shape);
    }
    for (const [i, gradient] of golden.gradients.entries()) {
      if (gradient) expectClose(numbers(results[`d${i}`]!), gradient.data, 1e-5);
    }
  });

  // On a limit of clip the finite difference sees half of the slope inside.
  it.skipIf(golden.name === "clip on its limits")(
    "has the gradient of its own finite differences within 1 %",
    async () => {
      const step = 2 ** -7;
      const inputs = golden.inputs.map(hostTensor);
      const analytic = await evaluate(golden, inputs);
      const loss = async (moved: readonly HostTensor[]) => {
        const results = await evaluate(golden, moved);
        return golden.seeds.reduce((total, seed, i) => total + dot(numbers(results[`y${i}`]!), seed.data), 0);
      };
      for (const [i, gradient] of golden.gradients.entries()) {
        if (!gradient) continue;
        const slopes: number[] = [];
        for (const element of gradient.data.keys()) {
          const shifted = (by: number) =>
            inputs.map((input, j) => (i === j ? nudge(input, element, by) : input));
          slopes.push(((await loss(shifted(step))) - (await loss(shifted(-step)))) / (2 * step));
        }
        expectClose(slopes, numbers(analytic[`d${i}`]!), 1e-2);
      }
    },
  );
});

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((total, value, i) => total + value * b[i]!, 0);

function nudge(tensor: HostTensor, element: number, by: number): HostTensor {
  const data = (tensor.data as Float32Array).slice();
  data[element]! += by;
  return f32(data, tensor.dims);
}

interface ShapeError {
  readonly inputs: readonly (readonly number[])[];
  readonly types?: readonly ("float32" | "int64")[];
  readonly attributes?: object;
  readonly message: string;
}

const shapeErrors: Readonly<Record<string, ShapeError>> = {
  linear: {
    inputs: [
      [4, 8],
      [3, 7],
    ],
    message: "linear(x [4, 8], w [3, 7]): x must be [T, in] and w [out, in] with in = 8",
  },
  matmul: {
    inputs: [
      [2, 4, 8],
      [2, 7, 5],
    ],
    attributes: { transA: false, transB: true, scale: 1 },
    message:
      "matmul(a [2, 4, 8], b [2, 7, 5]): a must be [..., m, k] and b [..., k, n], b transposed; k is 8 and 5",
  },
  add: {
    inputs: [[2, 3], [2]],
    message: "add(a [2, 3], b [2]): each pair of sizes, from the last, must be equal or 1",
  },
  subtract: {
    inputs: [[4], [3]],
    message: "subtract(a [4], b [3]): each pair of sizes, from the last, must be equal or 1",
  },
  multiply: {
    inputs: [
      [2, 3],
      [3, 3],
    ],
    message: "multiply(a [2, 3], b [3, 3]): each pair of sizes, from the last, must be equal or 1",
  },
  minimum: {
    inputs: [[4], [3]],
    message: "minimum(a [4], b [3]): each pair of sizes, from the last, must be equal or 1",
  },
  maximum: {
    inputs: [[4], [3]],
    message: "maximum(a [4], b [3]): each pair of sizes, from the last, must be equal or 1",
  },
  negate: { inputs: [[2]], types: ["int64"], message: "negate(x [2]): x must be float32, not int64" },
  exp: { inputs: [[2]], types: ["int64"], message: "exp(x [2]): x must be float32, not int64" },
  clip: {
    inputs: [[2]],
    types: ["int64"],
    attributes: { low: 0, high: 1 },
    message: "clip(x [2]): x must be float32, not int64",
  },
  sum: { inputs: [[2, 3]], types: ["int64"], message: "sum(x [2, 3]): x must be float32, not int64" },
  rmsNorm: {
    inputs: [[4, 8], [7]],
    attributes: { epsilon: 1e-5 },
    message: "rmsNorm(x [4, 8], w [7]): x must be [T, D] and w [D] with D = 8",
  },
  softmax: { inputs: [[]], message: "softmax(x []): x must have an axis to normalize" },
  rope: {
    inputs: [
      [4, 12],
      [1, 4],
      [9, 2],
      [9, 2],
    ],
    types: ["float32", "int64"],
    attributes: { heads: 2 },
    message:
      "rope(x [4, 12], positions [1, 4], cos [9, 2], sin [9, 2]): x must be [T, 2 * D], positions [1, T], cos and sin [at least T, D / 2]",
  },
  swiglu: {
    inputs: [
      [4, 8],
      [4, 7],
    ],
    message: "swiglu(gate [4, 8], up [4, 7]): gate and up must have one shape",
  },
  gather: {
    inputs: [[4, 8], [3]],
    message: "gather(x [4, 8], indices [3]): indices must be a list of int64, not float32 of 1 axes",
  },
  reshape: {
    inputs: [[4, 8]],
    attributes: { shape: [5, 6] },
    message: "reshape(x [4, 8]): [5, 6] has 30 elements and x has 32",
  },
  transpose: {
    inputs: [[4, 8]],
    attributes: { permutation: [0, 0] },
    message: "transpose(x [4, 8]): permutation [0, 0] must name each of the 2 axes once",
  },
  concat: {
    inputs: [
      [4, 8],
      [4, 7],
    ],
    attributes: { axis: 0 },
    message: "concat(x0 [4, 8], x1 [4, 7]): all must agree on every axis but 0",
  },
  split: {
    inputs: [[4, 8]],
    attributes: { sizes: [3, 4], axis: 1 },
    message: "split(x [4, 8]): sizes [3, 4] sum to 7, which axis 1 of x must have",
  },
  attention: {
    inputs: [
      [2, 12, 4],
      [2, 5, 4],
      [2, 5, 4],
      [5, 5],
    ],
    attributes: { scale: 0.5 },
    message:
      "attention(q [2, 12, 4], k [2, 5, 4], v [2, 5, 4], mask [5, 5]): q must be [KV, g * R, D], k and v [KV, K, D], mask [R, K]",
  },
};

describe.each(Object.entries(shapeErrors))("%s", (name, { inputs, types = [], attributes = {}, message }) => {
  it("says which shapes it was given and what it expected", () => {
    const g = createGraph();
    const operands: Tensor[] = inputs.map((shape, i) => g.input(`x${i}`, shape, types[i] ?? "float32"));
    expect(() => apply(g, operations.get(name)!, operands, attributes)).toThrow(new Error(message));
  });
});

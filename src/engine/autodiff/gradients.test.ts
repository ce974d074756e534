import { afterAll, describe, expect, it } from "vitest";
import { createGraph } from "../graph/graph.ts";
import { add, multiply, sum } from "../ops/elementwise.ts";
import { linear } from "../ops/products.ts";
import { f32, Runtime } from "../runtime/session.ts";
import { gradients } from "./gradients.ts";

const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 4 });
afterAll(() => runtime.release());

describe("reverse-mode differentiation", () => {
  it("adds what reaches a tensor on several ways: d(x * x + x)/dx = 2x + 1", async () => {
    const g = createGraph();
    const x = g.input("x", [3]);
    const loss = sum(g, add(g, multiply(g, x, x), x));
    const one = g.constant(Float32Array.of(1), []);
    const [dx] = gradients(g, [{ tensor: loss, gradient: one }], [x]);
    g.output("dx", dx!);
    const feeds = { x: f32(Float32Array.of(-1, 0, 2), [3]) };
    const results = await runtime.run({ key: "square", build: () => g.encode() }, feeds);
    expect([...(results.dx!.data as Float32Array)]).toEqual([-1, 1, 5]);
  });

  it("names an operation that has no rule", () => {
    const g = createGraph();
    const x = g.input("x", [3]);
    const y = g.op("Erf", [x], { shape: [3] });
    const seed = { tensor: y, gradient: g.input("dy", [3]) };
    expect(() => gradients(g, [seed], [x])).toThrow(
      "operation 'Erf' has no gradient; add its rule to src/engine/ops/table.ts",
    );
  });

  it("ignores an operation without a rule that no wanted tensor feeds", () => {
    const g = createGraph();
    const x = g.input("x", [3]);
    const y = multiply(g, x, g.op("Erf", [g.input("other", [3])], { shape: [3] }));
    const seed = { tensor: y, gradient: g.input("dy", [3]) };
    expect(gradients(g, [seed], [x])).toHaveLength(1);
  });

  it("names a tensor that the loss does not depend on", () => {
    const g = createGraph();
    const x = g.input("x", [2, 3]);
    const y = linear(g, x, g.input("w", [4, 3]));
    const seed = { tensor: y, gradient: g.input("dy", [2, 4]) };
    expect(() => gradients(g, [seed], [g.input("unused", [5])])).toThrow(
      "'in:unused' [5] does not reach the loss, so it has no gradient",
    );
  });
});

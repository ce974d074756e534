import { afterAll, describe, expect, it } from "vitest";
import { f32, i64, Runtime } from "../runtime/session.ts";
import { createGraph } from "./graph.ts";

const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 8 });
afterAll(() => runtime.release());

const includes = (bytes: Uint8Array, text: string) => Buffer.from(bytes).includes(text);

describe("a graph", () => {
  it("runs in ONNX Runtime with constants, ints, attributes of every kind and two domains", async () => {
    const g = createGraph();
    const x = g.input("x", [2, 3]);
    const rows = g.input("rows", [1], "int64");
    const row = g.op("Gather", [x, rows], { shape: [1, 3] }, { axis: 0 });
    const gelu = g.op("com.microsoft.QuickGelu", [row], { shape: [1, 3] }, { alpha: { float: 1 } });
    const turned = g.op("Transpose", [gelu], { shape: [3, 1] }, { perm: [1, 0] });
    const two = g.constant(Float32Array.of(2), []);
    g.output("y", g.op("Mul", [turned, two], { shape: [3, 1] }));
    const results = await runtime.run(
      { key: "kinds", build: () => g.encode() },
      { x: f32(Float32Array.of(9, 9, 9, 0, 1, -1), [2, 3]), rows: i64(BigInt64Array.of(1n), [1]) },
    );
    // x * sigmoid(x) of 0, 1 and -1, doubled.
    const expected = [0, 2 * 0.731059, -2 * 0.268941];
    for (const [i, value] of expected.entries()) {
      expect((results.y!.data as Float32Array)[i]).toBeCloseTo(value, 5);
    }
    expect(results.y!.dims).toEqual([3, 1]);
  });

  it("leaves out the nodes, inputs and constants that no output needs", () => {
    const g = createGraph();
    const x = g.input("x", [2]);
    g.op("Erf", [g.op("Mul", [g.input("unused", [2]), x], { shape: [2] })], { shape: [2] });
    g.output("y", g.op("Neg", [x], { shape: [2] }));
    const bytes = g.encode();
    expect(includes(bytes, "Neg")).toBe(true);
    expect(includes(bytes, "Erf")).toBe(false);
    expect(includes(bytes, "unused")).toBe(false);
  });

  it("takes a value from outside where it is fed, and leaves out what would compute it", async () => {
    const g = createGraph();
    const squared = g.op("Mul", [g.input("x", [2]), g.input("x2", [2])], { shape: [2] });
    g.output("y", g.op("Neg", [squared], { shape: [2] }));
    g.feed("squared", squared);
    const bytes = g.encode();
    expect(includes(bytes, "Mul")).toBe(false);
    const feeds = { squared: f32(Float32Array.of(4, 9), [2]) };
    const { y } = await runtime.run({ key: "fed", build: () => bytes }, feeds);
    expect([...(y!.data as Float32Array)]).toEqual([-4, -9]);
  });

  it("may give one tensor two names, and pass an input through", async () => {
    const g = createGraph();
    const x = g.input("x", [2]);
    const y = g.op("Neg", [x], { shape: [2] });
    g.output("a", y);
    g.output("b", y);
    g.output("same", x);
    const feeds = { x: f32(Float32Array.of(1, -2), [2]) };
    const results = await runtime.run({ key: "names", build: () => g.encode() }, feeds);
    expect([...(results.a!.data as Float32Array)]).toEqual([-1, 2]);
    expect([...(results.b!.data as Float32Array)]).toEqual([-1, 2]);
    expect([...(results.same!.data as Float32Array)]).toEqual([1, -2]);
  });

  it("stores equal small constants once", () => {
    const g = createGraph();
    const one = g.constant(Float32Array.of(1), []);
    expect(g.constant(Float32Array.of(1), [])).toBe(one);
    expect(g.constant(Float32Array.of(1), [1])).not.toBe(one);
    expect(g.constant(BigInt64Array.of(1n), [])).not.toBe(one);
  });

  it("refuses an output with the name of an input", () => {
    const g = createGraph();
    const x = g.input("x", [2]);
    expect(() => g.output("x", x)).toThrow("output 'x': the graph has an input or output of that name");
  });
});

import { afterAll, describe, expect, it } from "vitest";
import { createGraph } from "../graph/graph.ts";
import { multiply } from "../ops/elementwise.ts";
import { f32, Runtime } from "./session.ts";

const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 2 });
afterAll(() => runtime.release());

/** A graph that multiplies x by a factor, and counts how often it was built. */
function scaling(factor: number) {
  const source = {
    key: `times ${factor}`,
    builds: 0,
    build: () => {
      source.builds++;
      const g = createGraph();
      g.output("y", multiply(g, g.input("x", [2]), g.constant(Float32Array.of(factor), [])));
      return g.encode();
    },
  };
  return source;
}
const x = f32(Float32Array.of(1, 2), [2]);

describe("the runtime", () => {
  it("keeps the sessions used last and builds an evicted graph again", async () => {
    const [two, three, four] = [scaling(2), scaling(3), scaling(4)];
    for (const source of [two, three, two, four, two, three]) await runtime.run(source, { x });
    expect([two.builds, three.builds, four.builds]).toEqual([1, 2, 1]);
  });

  it("runs the same graph for two callers at once on one session", async () => {
    const five = scaling(5);
    const [a, b] = await Promise.all([runtime.run(five, { x }), runtime.run(five, { x })]);
    expect([...(a.y!.data as Float32Array), ...(b.y!.data as Float32Array)]).toEqual([5, 10, 5, 10]);
    expect(five.builds).toBe(1);
  });

  it("writes an output into the memory it is given", async () => {
    const y = f32(new Float32Array(2), [2]);
    await runtime.run(scaling(6), { x }, { y });
    expect([...(y.data as Float32Array)]).toEqual([6, 12]);
  });

  it("names the graph and the provider of a failed run", async () => {
    await expect(runtime.run(scaling(7), {})).rejects.toThrow(
      "graph 'times 7' failed on provider 'cpu': input 'x' is missing in 'feeds'.",
    );
  });

  it("makes a session anew that could not be made before", async () => {
    const nine = scaling(9);
    const { build } = nine;
    nine.build = () => {
      nine.build = build;
      return Uint8Array.of(1, 2, 3);
    };
    await expect(runtime.run(nine, { x })).rejects.toThrow("graph 'times 9' failed on provider 'cpu'");
    const { y } = await runtime.run(nine, { x });
    expect([...(y!.data as Float32Array)]).toEqual([9, 18]);
  });

  it("may be used again after it released everything", async () => {
    const eight = scaling(8);
    await runtime.run(eight, { x });
    await runtime.release();
    await runtime.run(eight, { x });
    expect(eight.builds).toBe(2);
  });
});

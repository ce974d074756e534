import { afterAll, describe, expect, it } from "vitest";
import { goldenWeights, llamaGoldens } from "../../../tests/goldens/llama.ts";
import { seededRandom } from "../../core/random.ts";
import { type Feeds, f32, Runtime } from "../runtime/session.ts";
import { packRows } from "../training/pack.ts";
import { preparePack } from "../training/prepared-pack.ts";
import { ropeTables } from "./rope-tables.ts";
import { layerBackwardGraph, layerForwardGraph } from "./training-layer.ts";
import { layerPrefix, layerShapes, tensorOf } from "./weights.ts";

const runtime = new Runtime({ threads: 2, provider: "cpu", sessionCapacity: 4 });
afterAll(() => runtime.release());

const { config: json, weights: tensors } = llamaGoldens.tied;
const weights = goldenWeights(json, tensors);
const { config } = weights;
const rows = [
  [1, 2, 3],
  [4, 5, 6],
].map((response) => ({ prompt: [7, 8], response, mask: [1, 1, 1] as const, advantages: [1, 1, 1] }));
const [pack] = packRows(rows, 100);
const prepared = preparePack(pack!, ropeTables(config));
const real = pack!.tokens.length;

/** x with these values in the rows of real tokens and others in the rows of padding; dy is 0 in the latter. */
function feeds(padding: (i: number) => number): Feeds {
  const random = seededRandom(5);
  const width = config.hiddenSize;
  const size = prepared.shape.tokens * width;
  const x = Float32Array.from({ length: size }, (_, i) =>
    i < real * width ? random.next() - 0.5 : padding(i),
  );
  const dy = Float32Array.from({ length: size }, (_, i) => (i < real * width ? random.next() - 0.5 : 0));
  const parameters = [...layerShapes(config).keys()].map((name) => {
    const { data, shape } = tensorOf(weights, layerPrefix(0) + name);
    return [name, f32(data, shape)] as const;
  });
  const shape = [prepared.shape.tokens, width];
  return { ...prepared.feeds, ...Object.fromEntries(parameters), x: f32(x, shape), dy: f32(dy, shape) };
}

const realRows = (data: Float32Array) => [...data.subarray(0, real * config.hiddenSize)];

const pass = { config, shape: prepared.shape, lora: undefined, keeps: false };

describe("a layer's padding", () => {
  const plain = feeds(() => 0);
  const noisy = feeds((i) => Math.sin(i) * 3);

  it("changes no bit of what real tokens become", async () => {
    const source = layerForwardGraph(pass);
    const a = await runtime.run(source, plain);
    const b = await runtime.run(source, noisy);
    expect(realRows(a.y!.data as Float32Array)).toEqual(realRows(b.y!.data as Float32Array));
  });

  it("changes no bit of any gradient", async () => {
    const source = layerBackwardGraph(pass);
    const a = await runtime.run(source, plain);
    const b = await runtime.run(source, noisy);
    for (const name of layerShapes(config).keys()) {
      expect(a[`d:${name}`]!.data, name).toEqual(b[`d:${name}`]!.data);
    }
    expect(realRows(a.dx!.data as Float32Array)).toEqual(realRows(b.dx!.data as Float32Array));
    const padding = (b.dx!.data as Float32Array).subarray(real * config.hiddenSize);
    expect(padding.every((value) => value === 0)).toBe(true);
  });
});

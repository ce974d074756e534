/** Runs a pack through a model's layers, forward and back, one short `run` per layer. */
import { layerBackwardGraph, layerForwardGraph } from "../model/training-layer.ts";
import { embeddingName, layerPrefix, layerShapes, tensorOf, type Weights } from "../model/weights.ts";
import { type Feeds, f32, type HostTensor, type Runtime } from "../runtime/session.ts";
import { addEmbeddingGradient, embed, type PreparedPack } from "./prepared-pack.ts";

/** Called after each run; throws when the work is to be abandoned. */
export type Tick = () => void;

function layerFeeds(weights: Weights, layer: number): Feeds {
  const names = [...layerShapes(weights.config).keys()];
  return Object.fromEntries(
    names.map((name) => {
      const { data, shape } = tensorOf(weights, layerPrefix(layer) + name);
      return [name, f32(data, shape)];
    }),
  );
}

/** What goes into each layer, and last what comes out of the last one: layers + 1 tensors [tokens, hidden]. */
export async function forwardLayers(
  runtime: Runtime,
  weights: Weights,
  prepared: PreparedPack,
  tick: Tick,
): Promise<HostTensor[]> {
  const { config } = weights;
  const source = layerForwardGraph(config, prepared.shape);
  const x = embed(prepared, config, tensorOf(weights, embeddingName).data);
  const states = [f32(x, [prepared.shape.tokens, config.hiddenSize])];
  for (let layer = 0; layer < config.layers; layer++) {
    const feeds = { ...prepared.feeds, ...layerFeeds(weights, layer), x: states[layer]! };
    const { y } = await runtime.run(source, feeds);
    states.push(y!);
    tick();
  }
  return states;
}

/** From dL/d(last state) to the gradients of every layer and of the embedding, added to what `gradients` holds. */
export async function backwardLayers(
  runtime: Runtime,
  weights: Weights,
  prepared: PreparedPack,
  states: readonly HostTensor[],
  dLast: HostTensor,
  gradients: Weights,
  tick: Tick,
): Promise<void> {
  const { config } = weights;
  const source = layerBackwardGraph(config, prepared.shape);
  let dy = dLast;
  for (let layer = config.layers - 1; layer >= 0; layer--) {
    const feeds = { ...prepared.feeds, ...layerFeeds(weights, layer), x: states[layer]!, dy };
    const results = await runtime.run(source, feeds);
    for (const name of layerShapes(config).keys()) {
      addTo(tensorOf(gradients, layerPrefix(layer) + name).data, results[`d:${name}`]!);
    }
    dy = results.dx!;
    tick();
  }
  const embedding = tensorOf(gradients, embeddingName).data;
  addEmbeddingGradient(prepared, config, dy.data as Float32Array, embedding);
}

export function addTo(sum: Float32Array, part: HostTensor): void {
  const data = part.data as Float32Array;
  for (let i = 0; i < sum.length; i++) sum[i]! += data[i]!;
}

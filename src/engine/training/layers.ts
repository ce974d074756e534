/** Runs a pack through a model's layers, forward and back, one short `run` per layer. */
import { layerAdapterShapes } from "../model/adapter.ts";
import {
  keptBytesOf,
  type LayerPass,
  layerBackwardGraph,
  layerForwardGraph,
} from "../model/training-layer.ts";
import {
  embeddingName,
  layerPrefix,
  layerShapes,
  type Parameters,
  tensorOf,
  type Weights,
} from "../model/weights.ts";
import { type Feeds, f32, type HostTensor, type Runtime } from "../runtime/session.ts";
import { destination, type GradientSum, runInto } from "./gradient-sum.ts";
import { addEmbeddingGradient, embed, type PreparedPack } from "./prepared-pack.ts";

/** Called after each run; throws when the work is to be abandoned. */
export type Tick = () => void;

/** The layer's weights by short name, and its adapter's matrices. */
function layerFeeds(weights: Weights, layer: number): Feeds {
  const { config, adapter } = weights;
  const feed = (parameters: Parameters) => (name: string) => {
    const { data, shape } = tensorOf(parameters, layerPrefix(layer) + name);
    return [name, f32(data, shape)] as const;
  };
  return Object.fromEntries([
    ...[...layerShapes(config).keys()].map(feed(weights)),
    ...(adapter ? [...layerAdapterShapes(config, adapter.settings).keys()].map(feed(adapter)) : []),
  ]);
}

const trainedShapes = ({ config, adapter }: Weights) =>
  adapter ? layerAdapterShapes(config, adapter.settings) : layerShapes(config);

const passOf = ({ config, adapter }: Weights, { shape }: PreparedPack, keeps: boolean): LayerPass => ({
  config,
  shape,
  lora: adapter?.settings,
  keeps,
});

/** What a forward pass leaves for the way back. */
export interface Activations {
  /** Into each layer, and last out of the last one: layers + 1 tensors [tokens, hidden]. */
  readonly states: HostTensor[];
  /** By layer: results of its products where they are kept. */
  readonly kept: (Feeds | undefined)[];
}

/** The last layers keep the results of their products, as many as `keptBytes` hold: a function of the pack, not of memory. */
export async function forwardLayers(
  runtime: Runtime,
  weights: Weights,
  prepared: PreparedPack,
  keptBytes: number,
  tick: Tick,
): Promise<Activations> {
  const { config, adapter } = weights;
  const x = embed(prepared, config, tensorOf(weights, embeddingName).data);
  const states = [f32(x, [prepared.shape.tokens, config.hiddenSize])];
  const keeping = Math.floor(keptBytes / keptBytesOf(config, prepared.shape, adapter?.settings));
  const kept: (Feeds | undefined)[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const keeps = layer >= config.layers - keeping;
    const feeds = { ...prepared.feeds, ...layerFeeds(weights, layer), x: states[layer]! };
    const { y, ...products } = await runtime.run(layerForwardGraph(passOf(weights, prepared, keeps)), feeds);
    states.push(y!);
    kept.push(keeps ? products : undefined);
    tick();
  }
  return { states, kept };
}

/**
 * Uses the kept products up. From dL/d(last state) to the gradients of every layer and, unless it is frozen, of the
 * embedding, put into `gradients`. The head's come before: a tied embedding's gradient is theirs with this one's part added.
 */
export async function backwardLayers(
  runtime: Runtime,
  weights: Weights,
  prepared: PreparedPack,
  { states, kept }: Activations,
  dLast: HostTensor,
  gradients: GradientSum,
  tick: Tick,
): Promise<void> {
  const { config, adapter } = weights;
  let dy = dLast;
  for (let layer = config.layers - 1; layer >= 0; layer--) {
    const products = kept.pop();
    const source = layerBackwardGraph(passOf(weights, prepared, products !== undefined));
    const feeds = { ...prepared.feeds, ...layerFeeds(weights, layer), ...products, x: states[layer]!, dy };
    const destinations = [...trainedShapes(weights).keys()].map((name) =>
      destination(gradients, layerPrefix(layer) + name, `d:${name}`),
    );
    const results = await runInto(runtime, source, feeds, destinations, gradients.adds);
    dy = results.dx!;
    tick();
  }
  if (adapter) return;
  const embedding = tensorOf(gradients.parameters, embeddingName).data;
  if (!config.tiedEmbeddings && !gradients.adds) embedding.fill(0);
  addEmbeddingGradient(prepared, config, dy.data as Float32Array, embedding);
}

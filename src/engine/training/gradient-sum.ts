/** A mini-batch's gradient as it comes about: the first pack's is written over whatever the memory held, later ones are added. */
import type { Parameters } from "../model/weights.ts";
import { tensorOf } from "../model/weights.ts";
import { type Feeds, f32, type GraphSource, type HostTensor, type Runtime } from "../runtime/session.ts";

export interface GradientSum {
  readonly parameters: Parameters;
  /** False for a mini-batch's first pack. */
  readonly adds: boolean;
}

/** A graph's output, and the part of the gradient that it is. */
export interface Destination {
  readonly output: string;
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Runs a backward graph whose outputs named in `destinations` go to the gradient, straight from ONNX Runtime where nothing is added. */
export async function runInto(
  runtime: Runtime,
  source: GraphSource,
  feeds: Feeds,
  destinations: readonly Destination[],
  adds: boolean,
): Promise<Feeds> {
  if (!adds) {
    const places = destinations.map(({ output, data, shape }) => [output, f32(data, shape)] as const);
    return runtime.run(source, feeds, Object.fromEntries(places));
  }
  const results = await runtime.run(source, feeds);
  for (const { output, data } of destinations) addTo(data, results[output]!);
  return results;
}

/** Where a whole parameter's gradient goes. */
export function destination({ parameters }: GradientSum, name: string, output: string): Destination {
  return { output, ...tensorOf(parameters, name) };
}

function addTo(sum: Float32Array, part: HostTensor): void {
  const data = part.data as Float32Array;
  for (let i = 0; i < sum.length; i++) sum[i]! += data[i]!;
}

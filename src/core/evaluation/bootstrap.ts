/**
 * Paired differences between two evaluations of the same environments, with a percentile bootstrap interval clustered
 * by entity: environments about one entity succeed and fail together, so entities are drawn, not environments.
 */
import { RatchetError } from "../errors.ts";
import { shortHash } from "../hash.ts";
import { seededRandom } from "../random.ts";
import {
  type EvaluatedEnvironment,
  type Metric,
  type MetricValues,
  measureEnvironment,
  metricRecord,
  metrics,
} from "./metrics.ts";

/** Mean of (after - before) with its 95 % interval: all that a difference can be, -1 to 1, where one entity changed and is all there is. */
export interface PairedDifference {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const resamples = 10_000;
const level = 0.95;

/** Environments of one entity: how many, and the sum of each metric's differences. */
interface Cluster {
  readonly size: number;
  readonly sums: MetricValues;
}

/**
 * A function of the pairs and the seed: the order in which environments are given does not matter. Throws InvalidInput
 * where the two evaluations are not of the same environments.
 */
export function pairedDifferences(
  before: readonly EvaluatedEnvironment[],
  after: readonly EvaluatedEnvironment[],
  seed: number,
): Readonly<Record<Metric, PairedDifference>> {
  const clusters = clusterPairs(before, after);
  const drawn = resample(clusters, seed);
  const all = meanOf(clusters);
  return metricRecord((metric) => {
    // Drawn again and again, one entity always says the same, and nothing of others.
    if (clusters.length === 1 && all[metric] !== 0) return { mean: all[metric], low: -1, high: 1 };
    const sorted = drawn[metric].sort();
    return {
      mean: all[metric],
      low: quantile(sorted, (1 - level) / 2),
      high: quantile(sorted, (1 + level) / 2),
    };
  });
}

/** In the order of their entities' names; within each, of the environments' hashes. */
function clusterPairs(
  before: readonly EvaluatedEnvironment[],
  after: readonly EvaluatedEnvironment[],
): Cluster[] {
  const earlier = new Map(before.map((environment) => [environment.environment, environment]));
  const unpaired = after.find(({ environment }) => !earlier.has(environment));
  if (unpaired !== undefined || earlier.size !== after.length || after.length === 0)
    throw new RatchetError(
      "InvalidInput",
      `evaluations of ${before.length} and ${after.length} environments cannot be paired${
        unpaired === undefined ? "" : ` (${shortHash(unpaired.environment)} is in one only)`
      }; evaluate both policies on the same, non-empty set`,
      { before: before.length, after: after.length, environment: unpaired?.environment },
    );
  const members = new Map<string, EvaluatedEnvironment[]>();
  for (const environment of [...after].sort((a, b) => compare(a.environment, b.environment)))
    members.set(environment.entity, [...(members.get(environment.entity) ?? []), environment]);
  return [...members]
    .sort(([a], [b]) => compare(a, b))
    .map(([, environments]) => {
      const differences = environments.map((environment) => {
        const now = measureEnvironment(environment);
        const then = measureEnvironment(earlier.get(environment.environment)!);
        return metricRecord((metric) => now[metric] - then[metric]);
      });
      return {
        size: environments.length,
        sums: metricRecord((metric) => differences.reduce((sum, values) => sum + values[metric], 0)),
      };
    });
}

/**
 * The mean difference of each resample, per metric. Every environment counts alike, so large clusters weigh more. Flat
 * arrays: the loop runs 10,000 times the number of entities.
 */
function resample(clusters: readonly Cluster[], seed: number): Readonly<Record<Metric, Float64Array>> {
  const random = seededRandom(seed);
  const sizes = Float64Array.from(clusters, ({ size }) => size);
  const sums = metrics.map((metric) => Float64Array.from(clusters, (cluster) => cluster.sums[metric]));
  const means = metrics.map(() => new Float64Array(resamples));
  const drawn = new Uint32Array(clusters.length);
  for (let i = 0; i < resamples; i++) {
    let size = 0;
    for (let k = 0; k < drawn.length; k++) {
      drawn[k] = random.integer(drawn.length);
      size += sizes[drawn[k]!]!;
    }
    for (let m = 0; m < metrics.length; m++) {
      let sum = 0;
      for (let k = 0; k < drawn.length; k++) sum += sums[m]![drawn[k]!]!;
      means[m]![i] = sum / size;
    }
  }
  return metricRecord((metric) => means[metrics.indexOf(metric)]!);
}

function meanOf(clusters: readonly Cluster[]): MetricValues {
  const size = clusters.reduce((sum, cluster) => sum + cluster.size, 0);
  return metricRecord((metric) => clusters.reduce((sum, { sums }) => sum + sums[metric], 0) / size);
}

/** Linear interpolation between order statistics (Hyndman and Fan's type 7). */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  return low + (position - below) * ((sorted[below + 1] ?? low) - low);
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Measures that may be negative, which the SDK's gauges refuse: rewards, losses, and how the process is. The newest value
 * of each is kept, for the trainings that this process has updated last: a scrape never grows with the runs of a year.
 */
import type { LineageRecord } from "../core/ports/runs.ts";
import { expose, gauge, type Metric } from "../services/exposition.ts";
import { watchProcess } from "../services/process-metrics.ts";

/** More than anybody looks at side by side. */
const mostTrainings = 100;

type Samples = Metric["samples"];

export interface Gauges {
  /** An update that was committed. */
  show(update: LineageRecord): void;
  /** Prometheus's text. */
  text(): string;
}

/** Names as the lineage's metrics have them; what an update has no number for is left out. */
const shown = {
  rewardMean: ["ratchet_reward_mean", "Mean reward of the newest update's batch."],
  loss: ["ratchet_loss", "Loss of the newest update."],
  kl: ["ratchet_kl", "KL to the reference policy of the newest update, in nats."],
  entropy: ["ratchet_entropy", "Entropy per token of the newest update, in nats."],
  gradientNorm: ["ratchet_gradient_norm", "Gradient norm of the newest update, before clipping."],
} as const;

export function createGauges(): Gauges {
  const ofProcess = watchProcess();
  const newest = new Map<string, LineageRecord>();
  const samplesOf = (read: (update: LineageRecord) => unknown): Samples =>
    [...newest.values()].flatMap((update) => {
      const value = read(update);
      const labels = { run: update.run, stage: update.stage };
      return typeof value === "number" && Number.isFinite(value) ? [{ labels, value }] : [];
    });
  return {
    show: (update) => {
      const training = `${update.run}\n${update.stage}`;
      newest.delete(training);
      newest.set(training, update);
      if (newest.size > mostTrainings) newest.delete(newest.keys().next().value!);
    },
    text: () =>
      expose([
        gauge(
          "ratchet_iteration",
          "Iteration of the newest update.",
          samplesOf(({ iteration }) => iteration),
        ),
        ...Object.entries(shown).map(([metric, [name, help]]) =>
          gauge(
            name,
            help,
            samplesOf(({ metrics }) => metrics[metric]),
          ),
        ),
        ...ofProcess(),
      ]),
  };
}

/** How training went, iteration by iteration: one small chart per quantity that its updates recorded. */
import type { ExperimentInput } from "../core/experiment/input.ts";
import type { ReportData, TrainingReport } from "../core/report/data.ts";
import { type ChartSpec, lineChart } from "./chart.ts";
import { type Html, html } from "./html.ts";

interface Curve {
  readonly title: string;
  readonly unit: string;
  /** Names in the updates' metrics, with the label of each. */
  readonly lines: readonly (readonly [metric: string, name: string])[];
}

const klTitle = "KL to the reference";

/** In the order shown; a curve without data is left out. */
const curves: readonly Curve[] = [
  { title: "Reward", unit: "mean of sampled responses", lines: [["rewardMean", "reward"]] },
  {
    title: "Solve-P, Solve-R, Solve-F1",
    unit: "training trajectories",
    lines: [
      ["solveP", "Solve-P"],
      ["solveR", "Solve-R"],
      ["solveF1", "Solve-F1"],
    ],
  },
  { title: klTitle, unit: "nats per token", lines: [["kl", "KL"]] },
  { title: "Entropy", unit: "nats per token", lines: [["entropy", "entropy"]] },
  { title: "Response length", unit: "tokens", lines: [["responseTokensMean", "length"]] },
  { title: "Zero-variance groups", unit: "share", lines: [["zeroVarianceShare", "share"]] },
  { title: "Truncated responses", unit: "share", lines: [["truncatedShare", "share"]] },
  { title: "Loss", unit: "", lines: [["loss", "loss"]] },
  { title: "Gradient norm", unit: "before clipping", lines: [["gradientNorm", "norm"]] },
  { title: "Clipped tokens", unit: "share", lines: [["clipFraction", "share"]] },
];

export function curvesSection({ trainings, configuration }: ReportData): Html | null {
  const trained = trainings.filter(({ updates }) => updates.length > 0);
  if (trained.length === 0) return null;
  return html`<section id="training"><h2>Training</h2>${trained.map(
    (training) => html`<h3>${training.title} <span class="unit">${training.algorithm}</span></h3>
    ${remarksOf(training, configuration).map((remark) => html`<p class="note">${remark}</p>`)}
    <div class="charts">${chartsOf(training, configuration).map(lineChart)}</div>`,
  )}</section>`;
}

function remarksOf(training: TrainingReport, input: ExperimentInput): string[] {
  const unmeasured = training.algorithm !== "sft" && isKlUnmeasured(training, input);
  const why = `${klTitle} was not measured: klCoefficient is 0, so no update computes the reference's log-probabilities.`;
  return [...(training.remarks ?? []), ...(unmeasured ? [why] : [])];
}

/** Without a reference every update records 0; so it is with one that a policy never leaves, at a learning rate of 0. */
function isKlUnmeasured({ stage, updates }: TrainingReport, { stages }: ExperimentInput): boolean {
  const declared = stages[stage];
  const { training } = declared?.type === "train" ? declared : {};
  const wanted = training !== undefined && training.algorithm !== "sft" && training.klCoefficient > 0;
  return !wanted && updates.every(({ metrics }) => metrics.kl === 0);
}

function chartsOf(training: TrainingReport, input: ExperimentInput): ChartSpec[] {
  const { updates, algorithm } = training;
  return curves.flatMap(({ title, unit, lines }) => {
    const series = lines
      .map(([metric, name]) => ({
        name,
        points: updates.flatMap(({ iteration, metrics }) => {
          const value = metrics[metric];
          return typeof value === "number" && Number.isFinite(value) ? [{ iteration, value }] : [];
        }),
      }))
      .filter(({ points }) => points.length > 0);
    // The cold start has no policy-gradient terms: zeros stand for them.
    const isIdle =
      (algorithm === "sft" && series.every(({ points }) => points.every(({ value }) => value === 0))) ||
      (title === klTitle && isKlUnmeasured(training, input));
    return series.length === 0 || isIdle ? [] : [{ title, unit, series }];
  });
}

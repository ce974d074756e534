/** How training went, iteration by iteration: one small chart per quantity that its updates recorded. */
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

export function curvesSection({ trainings }: ReportData): Html | null {
  const trained = trainings.filter(({ updates }) => updates.length > 0);
  if (trained.length === 0) return null;
  return html`<section id="training"><h2>Training</h2>${trained.map(
    (training) => html`<h3>${training.title} <span class="unit">${training.algorithm}</span></h3>
    ${(training.remarks ?? []).map((remark) => html`<p class="note">${remark}</p>`)}
    <div class="charts">${chartsOf(training).map(lineChart)}</div>`,
  )}</section>`;
}

function chartsOf({ updates, algorithm }: TrainingReport): ChartSpec[] {
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
    // The cold start has no policy-gradient terms, and no KL is measured without a reference: zeros stand for both.
    const mayBeIdle = algorithm === "sft" || title === klTitle;
    const isIdle = mayBeIdle && series.every(({ points }) => points.every(({ value }) => value === 0));
    return series.length === 0 || isIdle ? [] : [{ title, unit, series }];
  });
}

/** Paired differences drawn on one scale: a point and its 95 % interval for each metric and evaluation. */
import type { PairedDifference } from "../core/evaluation/bootstrap.ts";
import type { ComparisonRow } from "../core/evaluation/comparison.ts";
import type { Metric } from "../core/evaluation/metrics.ts";
import { niceTicks } from "./chart.ts";
import { compact, interval, metricNames, signed } from "./format.ts";
import { type Html, html } from "./html.ts";

const drawn: readonly Metric[] = ["solveP", "solveR", "solveF1", "answerAccuracy"];
const width = 760;
const rowHeight = 22;
const metricGap = 10;
const left = 300;
const right = 24;
/** Most characters of an evaluation's title that fit beside its point. */
const titleLength = 26;

interface Row {
  readonly metric: Metric;
  readonly title: string;
  readonly difference: PairedDifference;
}

/** "up" and "down" only where the interval excludes 0. */
export const verdictOf = ({ low, high }: PairedDifference) => (low > 0 ? "up" : high < 0 ? "down" : "even");

/** Of two evaluations or more: each but the first against the first. */
export function intervalPlot(comparison: readonly ComparisonRow[]): Html {
  const rows = drawn.flatMap((metric) =>
    comparison.flatMap(({ title, overFirst }): Row[] =>
      overFirst === null ? [] : [{ metric, title, difference: overFirst[metric] }],
    ),
  );
  const perMetric = rows.length / drawn.length;
  const height = rows.length * rowHeight + drawn.length * metricGap + 30;
  const ticks = niceTicks([0, ...rows.flatMap(({ difference }) => [difference.low, difference.high])]);
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const x = (value: number) => left + ((value - low) / (high - low)) * (width - left - right);
  const y = (row: number) => 14 + row * rowHeight + Math.floor(row / perMetric) * metricGap;
  return html`<figure class="wide"><figcaption>Difference from ${comparison[0]!.title}, with 95 % intervals</figcaption>
    <div class="scroll"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${spoken(rows)}">
      ${ticks.map(
        (
          tick,
        ) => html`<line class="${tick === 0 ? "zero" : "grid"}" x1="${x(tick)}" x2="${x(tick)}" y1="2" y2="${height - 22}"/>
      <text class="tick" x="${x(tick)}" y="${height - 6}" text-anchor="middle">${compact(tick)}</text>`,
      )}
      ${rows.map(
        ({ metric, title, difference }, row) => html`<g class="interval ${verdictOf(difference)}">
        ${row % perMetric === 0 ? html`<text class="metric" x="0" y="${y(row) + 4}">${metricNames[metric]}</text>` : null}
        <text class="tick" x="${left - 14}" y="${y(row) + 4}" text-anchor="end">${clip(title)}</text>
        <line x1="${x(difference.low)}" x2="${x(difference.high)}" y1="${y(row)}" y2="${y(row)}"/>
        <circle cx="${x(difference.mean)}" cy="${y(row)}" r="4.5"><title>${title}: ${signed(difference.mean)} ${interval(difference)}</title></circle>
      </g>`,
      )}
    </svg></div></figure>`;
}

const spoken = (rows: readonly Row[]) =>
  rows
    .map(
      ({ metric, title, difference }) =>
        `${metricNames[metric]}, ${title}: ${signed(difference.mean)} ${interval(difference)}`,
    )
    .join("; ");

const clip = (title: string) =>
  title.length > titleLength ? `${title.slice(0, titleLength - 1)}\u2026` : title;

/** Line charts as inline SVG: one per quantity, all on the same scale of iterations, readable without colour. */
import { compact } from "./format.ts";
import { type Html, html } from "./html.ts";

export interface Series {
  readonly name: string;
  /** Finite values by iteration, ascending. */
  readonly points: readonly { readonly iteration: number; readonly value: number }[];
}

export interface ChartSpec {
  readonly title: string;
  readonly unit: string;
  /** At most three; told apart by dash pattern, mark and the label at their end. */
  readonly series: readonly Series[];
}

const width = 320;
const height = 170;
const plot = { left: 46, right: 14, top: 12, bottom: 26 };
/** Room for the names at the lines' ends. */
const labelWidth = 58;

export function lineChart({ title, unit, series }: ChartSpec): Html {
  const points = series.flatMap((one) => one.points);
  const iterations = points.map(({ iteration }) => iteration);
  const [first, last] = [Math.min(...iterations), Math.max(...iterations)];
  const ticks = niceTicks(points.map(({ value }) => value));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const right = width - plot.right - (series.length > 1 ? labelWidth : 0);
  const x = (iteration: number) =>
    first === last
      ? (plot.left + right) / 2
      : plot.left + ((iteration - first) / (last - first)) * (right - plot.left);
  const y = (value: number) =>
    height - plot.bottom - ((value - low) / (high - low)) * (height - plot.top - plot.bottom);
  return html`<figure class="chart">
    <figcaption>${title}${unit === "" ? null : html` <span class="unit">${unit}</span>`}</figcaption>
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${describe(title, series)}">
      ${ticks.map(
        (tick) => html`<line class="grid" x1="${plot.left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}"/>
      <text class="tick" x="${plot.left - 6}" y="${y(tick) + 3.5}" text-anchor="end">${compact(tick)}</text>`,
      )}
      ${iterationLabels(first, last).map(
        (iteration) =>
          html`<text class="tick" x="${x(iteration)}" y="${height - 8}" text-anchor="middle">${iteration}</text>`,
      )}
      ${series.map((one, i) => drawSeries(one, i, x, y))}
      ${series.length > 1 ? endLabels(series, right, y) : null}
    </svg>
  </figure>`;
}

function drawSeries(
  { name, points }: Series,
  index: number,
  x: (iteration: number) => number,
  y: (value: number) => number,
): Html {
  const path = points
    .map(
      ({ iteration, value }, i) => `${i === 0 ? "M" : "L"}${x(iteration).toFixed(1)} ${y(value).toFixed(1)}`,
    )
    .join("");
  // Beyond this many points the dots would hide the line.
  const radius = points.length > 60 ? 1.2 : 2.8;
  return html`<g class="series s${index}"><path d="${path}"/>${points.map(
    ({ iteration, value }) =>
      html`<circle cx="${x(iteration).toFixed(1)}" cy="${y(value).toFixed(1)}" r="${radius}"><title>${name}, iteration ${iteration}: ${compact(value)}</title></circle>`,
  )}</g>`;
}

/** The names beside the last points, pushed apart where they would cover each other. */
function endLabels(series: readonly Series[], right: number, y: (value: number) => number): readonly Html[] {
  const lineHeight = 13;
  const placed: { name: string; index: number; at: number }[] = [];
  const wanted = series
    .map(({ name, points }, index) => ({ name, index, at: y(points.at(-1)?.value ?? 0) }))
    .sort((a, b) => a.at - b.at || a.index - b.index);
  for (const label of wanted)
    placed.push({ ...label, at: Math.max(label.at, (placed.at(-1)?.at ?? -lineHeight) + lineHeight) });
  return placed.map(
    ({ name, index, at }) =>
      html`<text class="label s${index}" x="${right + 8}" y="${at + 4}">${name}</text>`,
  );
}

/** Three to six round values that span the data, 0 among them where it is near. */
export function niceTicks(values: readonly number[]): number[] {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (low >= 0 && low < (high - low) * 2) low = 0;
  // Too close to tell apart on paper, or in floating point.
  if (high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high)))
    [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
  const rough = (high - low) / 4;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((candidate) => candidate >= rough)!;
  const start = Math.floor(low / step);
  const count = Math.ceil(high / step - 1e-9) - start;
  return Array.from({ length: count + 1 }, (_, i) => Number(((start + i) * step).toPrecision(12)));
}

function iterationLabels(first: number, last: number): number[] {
  if (first === last) return [first];
  const middle = Math.round((first + last) / 2);
  return middle === first || middle === last ? [first, last] : [first, middle, last];
}

/** What a screen reader says instead of the drawing. */
function describe(title: string, series: readonly Series[]): string {
  const lines = series.map(({ name, points }) => {
    const [start, end] = [points[0], points.at(-1)];
    return start === undefined || end === undefined
      ? `${name}: no data`
      : `${name} from ${compact(start.value)} at iteration ${start.iteration} to ${compact(end.value)} at iteration ${end.iteration}`;
  });
  return `${title}: ${lines.join("; ")}`;
}

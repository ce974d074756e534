/** Line charts as inline SVG: one per quantity, all on the same scale of iterations, readable without colour. */
import { compact } from "./format.ts";
import { documentText, type Html, html } from "./html.ts";

export interface Series {
  readonly name: string;
  /** Finite values by iteration, ascending. */
  readonly points: readonly { readonly iteration: number; readonly value: number }[];
}

export interface ChartSpec {
  readonly title: string;
  readonly unit: string;
  /** What the points are counted by; iterations by default. */
  readonly step?: string;
  /** At most three; told apart by dash pattern, mark and the label at their end. */
  readonly series: readonly Series[];
}

const width = 320;
const height = 170;
const plot = { left: 46, right: 14, top: 12, bottom: 26 };
/** Room for the names at the lines' ends. */
const labelWidth = 58;

export function lineChart({ title, unit, series, step = "iteration" }: ChartSpec): Html {
  const points = series.flatMap((one) => one.points);
  const iterations = points.map(({ iteration }) => iteration);
  const [first, last] = extent(iterations);
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
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${describe(title, series, step)}">
      ${ticks.map(
        (tick) => html`<line class="grid" x1="${plot.left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}"/>
      <text class="tick" x="${plot.left - 6}" y="${y(tick) + 3.5}" text-anchor="end">${compact(tick)}</text>`,
      )}
      ${iterationLabels(first, last).map(
        (iteration) =>
          html`<text class="tick" x="${x(iteration)}" y="${height - 8}" text-anchor="middle">${iteration}</text>`,
      )}
      ${series.map((one, i) => drawSeries(one, i, x, y, step))}
      ${series.length > 1 ? endLabels(series, right, y) : null}
    </svg>
  </figure>`;
}

/** The chart's drawing as a file of its own, with its title and in colours for a light page. */
export function standaloneSvg(chart: Html): string {
  const figure = documentText(chart);
  const svg = /<svg[\s\S]*<\/svg>/.exec(figure)![0];
  const title = /<figcaption>(.*?)<\/figcaption>/.exec(figure)![1]!.replace(/<[^>]*>/g, "");
  const style =
    "text{font:10px sans-serif;fill:#444}.title{font-weight:600}.grid{stroke:#ddd}.series path{fill:none;stroke:currentColor;stroke-width:1.5}.series circle{fill:currentColor}.s0{color:#1f5fbf}.s1{color:#b8451f}.s2{color:#2f7d4f}.s1 path{stroke-dasharray:6 3}.s2 path{stroke-dasharray:2 3}.label{fill:currentColor}";
  return `${svg
    .replace('viewBox="0 0', 'xmlns="http://www.w3.org/2000/svg" viewBox="0 -14')
    .replace(String(height), String(height + 14))
    .replace(">", `><style>${style}</style><text class="title" x="${plot.left}" y="-3">${title}</text>`)}\n`;
}

function drawSeries(
  { name, points }: Series,
  index: number,
  x: (iteration: number) => number,
  y: (value: number) => number,
  step: string,
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
      html`<circle cx="${x(iteration).toFixed(1)}" cy="${y(value).toFixed(1)}" r="${radius}"><title>${name}, ${step} ${iteration}: ${compact(value)}</title></circle>`,
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
  let [low, high] = extent(values);
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

/** Least and most. A long training has more values than a call takes arguments. */
const extent = (values: readonly number[]): readonly [number, number] => [
  values.reduce((least, value) => Math.min(least, value)),
  values.reduce((most, value) => Math.max(most, value)),
];

function iterationLabels(first: number, last: number): number[] {
  if (first === last) return [first];
  const middle = Math.round((first + last) / 2);
  return middle === first || middle === last ? [first, last] : [first, middle, last];
}

/** What a screen reader says instead of the drawing. */
function describe(title: string, series: readonly Series[], step: string): string {
  const lines = series.map(({ name, points }) => {
    const [start, end] = [points[0], points.at(-1)];
    return start === undefined || end === undefined
      ? `${name}: no data`
      : `${name} from ${compact(start.value)} at ${step} ${start.iteration} to ${compact(end.value)} at ${step} ${end.iteration}`;
  });
  return `${title}: ${lines.join("; ")}`;
}

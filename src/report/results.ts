/** The result: what was gained, the table of evaluations, and the intervals drawn on one scale. */
import type { ComparisonRow } from "../core/evaluation/comparison.ts";
import { metrics } from "../core/evaluation/metrics.ts";
import type { ReportData, ScenarioResults } from "../core/report/data.ts";
import { interval, metricNames, plural, scenarioName, score, signed } from "./format.ts";
import { type Html, html } from "./html.ts";
import { intervalPlot, verdictOf } from "./intervals.ts";

/** The page's head: the mean gain of the last evaluation over the first, and what it was measured with. */
export function headline({ run, policy, benchmarks, comparison, trainings }: ReportData): Html {
  const [first, last] = [comparison[0], comparison.at(-1)];
  const gain = last?.overFirst?.solveF1;
  const best = last !== undefined && first !== undefined && gain !== undefined;
  return html`<header>
    <p class="eyebrow">Ratchet experiment report</p>
    <h1>${run}</h1>
    <div class="hero">
      <div>
        <p class="figure">${best ? signed(gain.mean) : last === undefined ? "\u2013" : score(last.means.solveF1)}</p>
        <p class="caption">${
          best
            ? html`mean gain in Solve-F1, ${first.title} to ${last.title}<br>95 % interval ${interval(gain)}, paired by environment${lastStep(comparison)}`
            : html`mean Solve-F1${last === undefined ? null : html`, ${last.title}`}`
        }</p>
      </div>
      <dl>
        <div><dt>Model</dt><dd>${policy}</dd></div>
        <div><dt>Benchmarks</dt><dd>${benchmarks.map(
          ({ name, environments, entities }) =>
            html`<span class="line">${name}: ${plural(environments, "environment")} about ${plural(entities, "subject")}</span>`,
        )}</dd></div>
        <div><dt>Training</dt><dd>${
          trainings.length === 0
            ? "none"
            : trainings.map(
                ({ title, algorithm, updates }) =>
                  html`<span class="line">${title}: ${algorithm}, ${plural(updates.length, "update")}</span>`,
              )
        }</dd></div>
      </dl>
    </div>
  </header>`;
}

/** Where there are more than two evaluations: what the last one added to the one before it. */
function lastStep(comparison: readonly ComparisonRow[]): Html | null {
  const [previous, last] = [comparison.at(-2), comparison.at(-1)];
  const step = last?.overPrevious?.solveF1;
  if (comparison.length < 3 || previous === undefined || last === undefined || step === undefined)
    return null;
  return html`<br>${previous.title} to ${last.title}: ${signed(step.mean)} ${interval(step)}`;
}

export function resultsSection({ comparison, scenarios }: ReportData): Html {
  return html`<section id="results">
    <h2>Results</h2>
    <div class="scroll"><table>
      <caption>Means over environments; under each, the difference from the row above with its 95 % interval (paired bootstrap, 10,000 resamples of subjects).</caption>
      <thead><tr><th scope="col">Evaluation</th><th scope="col" class="number">n</th>${metrics.map(
        (metric) => html`<th scope="col" class="number">${metricNames[metric]}</th>`,
      )}</tr></thead>
      <tbody>${comparison.map(resultRow)}</tbody>
    </table></div>
    ${comparison.length > 1 ? intervalPlot(comparison) : null}
    <p class="note">Solve-P = S/C (0 where no call was made), Solve-R = S/N, Solve-F1 = 2S/(C+N), with S solved sub-answers, C calls and N sub-answers of an environment. Raw Solve-P counts silence as 1, as FTRL's script does.</p>
    ${scenarios.length === 0 ? null : scenarioTable(scenarios, comparison)}
  </section>`;
}

function resultRow({ title, environments, means, overPrevious }: ComparisonRow): Html {
  return html`<tr><th scope="row">${title}</th><td class="number">${environments}</td>${metrics.map(
    (metric) => {
      const difference = overPrevious?.[metric];
      return html`<td class="number"><strong>${score(means[metric])}</strong>${
        difference === undefined
          ? null
          : html`<span class="delta ${verdictOf(difference)}">${signed(difference.mean)} ${interval(difference)}</span>`
      }</td>`;
    },
  )}</tr>`;
}

function scenarioTable(scenarios: readonly ScenarioResults[], comparison: readonly ComparisonRow[]): Html {
  return html`<h3>By scenario type</h3><div class="scroll"><table>
    <thead><tr><th scope="col">Solve-F1</th><th scope="col" class="number">n</th>${comparison.map(
      ({ title }) => html`<th scope="col" class="number">${title}</th>`,
    )}</tr></thead>
    <tbody>${scenarios.map(
      ({ scenario, environments, means }) =>
        html`<tr><th scope="row">${scenarioName(scenario)}</th><td class="number">${environments}</td>${means.map(
          ({ solveF1 }) =>
            html`<td class="number bar"><span class="fill s0 w${Math.round(solveF1 * 20)}"></span><span>${score(solveF1)}</span></td>`,
        )}</tr>`,
    )}</tbody></table></div>`;
}

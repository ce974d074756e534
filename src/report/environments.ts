/** The environments of each set: how many of each scenario type, and what the gates let pass, mended and refused. */
import { shortHash } from "../core/hash.ts";
import type { ReportData, SetReport } from "../core/report/data.ts";
import { plural, scenarioName } from "./format.ts";
import { type Html, html } from "./html.ts";

export function environmentsSection({ sets }: ReportData): Html | null {
  if (sets.length === 0) return null;
  return html`<section id="environments"><h2>Environments</h2>${sets.map(setArticle)}</section>`;
}

function setArticle(set: SetReport): Html {
  const accepted = set.scenarios.reduce((sum, scenario) => sum + scenario.accepted, 0);
  return html`<article>
    <h3>${set.title} <span class="unit">${[set.split, set.profile].filter((word) => word !== "").join(", ")}</span></h3>
    <ul class="tally">
      <li><strong>${accepted}</strong> accepted</li>
      <li><strong>${set.repaired}</strong> of them repaired</li>
      <li><strong>${set.quarantinedTotal}</strong> quarantined</li>
      <li>set <code>${shortHash(set.hash)}</code></li>
    </ul>
    <div class="pair">
      <div class="scroll"><table><thead><tr><th scope="col">Scenario type</th><th scope="col" class="number">accepted</th></tr></thead>
      <tbody>${set.scenarios.map(
        (row) =>
          html`<tr><th scope="row">${scenarioName(row.scenario)}</th><td class="number">${row.accepted}</td></tr>`,
      )}</tbody></table></div>
      <div class="scroll"><table><thead><tr><th scope="col">Gate</th><th scope="col" class="number">passed</th><th scope="col" class="number">quarantined</th></tr></thead>
      <tbody>${set.gates.map(
        (row) =>
          html`<tr><th scope="row">${row.gate}</th><td class="number">${row.passed}</td><td class="number">${row.quarantined}</td></tr>`,
      )}</tbody></table></div>
    </div>
    ${set.quarantined.length === 0 ? null : quarantineList(set)}
  </article>`;
}

function quarantineList({ quarantined, quarantinedTotal }: SetReport): Html {
  const more = quarantinedTotal - quarantined.length;
  return html`<details><summary>Why ${plural(quarantinedTotal, "candidate")} ${quarantinedTotal === 1 ? "was" : "were"} quarantined</summary><ul class="reasons">${quarantined.map(
    ({ question, gate, reason }) =>
      html`<li><span class="tag">${gate}</span> ${reason}<br><q>${question}</q></li>`,
  )}${more > 0 ? html`<li>and ${more} more</li>` : null}</ul></details>`;
}

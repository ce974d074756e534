/** What can be checked: every update from parent to child, and the input that gives it all again. */
import { shortHash } from "../core/hash.ts";
import type { ReportData, TrainingReport } from "../core/report/data.ts";
import { compact } from "./format.ts";
import { type Html, html } from "./html.ts";

export function lineageSection({ trainings, configuration }: ReportData): Html {
  return html`<section id="lineage"><h2>Lineage and configuration</h2>
    ${trainings.filter(({ updates }) => updates.length > 0).map(lineageTable)}
    <details><summary>Input of the experiment</summary><pre class="json">${JSON.stringify(configuration, null, 2)}</pre></details>
  </section>`;
}

function lineageTable({ title, updates }: TrainingReport): Html {
  return html`<h3>${title}</h3><div class="scroll"><table class="dense">
    <caption>Each update names the checkpoint it started from and the one it made.</caption>
    <thead><tr>${[
      "iteration",
      "branch",
      "loss",
      "parent",
      "checkpoint",
      "weights sha256",
      "optimizer sha256",
    ].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${updates.map(
      (update) =>
        html`<tr><th scope="row">${update.iteration}</th><td>${update.branch}</td><td>${lossOf(update.metrics.loss)}</td>${[
          update.parent,
          update.checkpoint.hash,
          update.weightsSha256,
          update.optimizerSha256,
        ].map((hash) => html`<td><code title="${hash}">${shortHash(hash)}</code></td>`)}</tr>`,
    )}</tbody></table></div>`;
}

const lossOf = (value: unknown) => (typeof value === "number" ? compact(value) : "\u2013");

/**
 * An experiment as one HTML page that needs nothing else: no script, no font, no picture from anywhere, and a policy in
 * the page that forbids them. The same data gives the same bytes.
 */
import type { ReportData } from "../core/report/data.ts";
import { curvesSection } from "./curves.ts";
import { environmentsSection } from "./environments.ts";
import { documentText, type Html, html } from "./html.ts";
import { lineageSection } from "./lineage.ts";
import { headline, resultsSection } from "./results.ts";
import { samplesSection } from "./samples.ts";
import { style } from "./style.ts";

export function renderReport(data: ReportData): string {
  const sections: readonly (readonly [id: string, name: string, body: Html | null])[] = [
    ["results", "Results", resultsSection(data)],
    ["training", "Training", curvesSection(data)],
    ["environments", "Environments", environmentsSection(data)],
    ["trajectories", "Trajectories", samplesSection(data)],
    ["lineage", "Lineage", lineageSection(data)],
  ];
  const present = sections.filter(([, , body]) => body !== null);
  return documentText(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${data.run}: Ratchet report</title>
${style}
</head>
<body>
${headline(data)}
<nav aria-label="Sections">${present.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>
<main>${present.map(([, , body]) => body!)}</main>
</body>
</html>
`);
}

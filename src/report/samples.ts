/** Trajectories of one environment under each policy, side by side, with what every call gave and earned. */
import { shortHash } from "../core/hash.ts";
import type { ReportData, SampleReport, SampleSide } from "../core/report/data.ts";
import { parseBareCalls, pythonTag } from "../core/trajectory/parse.ts";
import type { CallRecord } from "../core/trajectory/trajectory.ts";
import { plural, scenarioName, score } from "./format.ts";
import { type Html, html } from "./html.ts";

/** What a policy said or a tool gave, as far as a page has room for. */
const textShown = 1_500;

const endings: Readonly<Record<string, string>> = {
  answered: "answered",
  turn_limit: "ran out of turns",
  context_limit: "ran out of context",
};

export function samplesSection({ samples }: ReportData): Html | null {
  if (samples.length === 0) return null;
  return html`<section id="trajectories"><h2>Trajectories</h2>
    <p class="note">A call's verdict: solved a sub-answer, gave an output that solves none, or failed. The reward is that of the turn alone.</p>
    ${samples.map(sampleArticle)}</section>`;
}

function sampleArticle(sample: SampleReport): Html {
  return html`<article class="sample">
    <h3>${sample.question}</h3>
    <p class="meta">${scenarioName(sample.scenario)}, ${sample.entity}; expected answer: <strong>${sample.answer}</strong></p><p class="meta">Shown: ${sample.why} <code>${shortHash(sample.environment)}</code></p>
    <div class="sides">${sample.sides.map(sideColumn)}</div>
  </article>`;
}

function sideColumn({ title, outcome, solveF1, turns, state }: SampleSide): Html {
  return html`<div class="side">
    <h4>${title}</h4>
    <p class="meta">Solve-F1 ${score(solveF1)}: ${outcome.solved} of ${plural(outcome.subAnswers, "sub-answer")} by ${plural(outcome.calls, "call")}; ${endings[state] ?? state}, ${outcome.isAnswerRight ? "right" : "not right"}</p>
    <ol>${turns.map(
      ({ text, calls, reward }) =>
        html`<li class="turn">${saidBlock(text, calls)}${calls.map(callBlock)}<p class="reward">reward ${score(reward)}</p></li>`,
    )}</ol>
  </div>`;
}

function saidBlock(text: string, calls: readonly CallRecord[]): Html | null {
  const said = besidesCalls(text, calls);
  return said === "" && calls.length > 0
    ? null
    : html`<pre class="said">${said === "" ? "(nothing)" : shorten(said)}</pre>`;
}

/** Well-formed calls are shown once, with their outcome; what the policy wrote around them, or amiss, is shown as it is. */
function besidesCalls(text: string, calls: readonly CallRecord[]): string {
  if (calls.some((call) => call.arguments === null)) return text;
  const blocks = text.match(/<tool_call>/g)?.length ?? 0;
  if (blocks === calls.length) return text.replace(/<tool_call>.*?<\/tool_call>/gs, "").trim();
  const areBare = parseBareCalls(text).length === calls.length;
  return areBare ? text.slice(0, Math.max(0, text.indexOf(pythonTag))).trim() : text;
}

function callBlock(call: CallRecord): Html {
  const [verdict, words] =
    call.solved !== null
      ? ["solved", `solved: ${call.solved}`]
      : call.outcome === "returned"
        ? ["even", "solved nothing"]
        : ["failed", "failed"];
  const given = call.arguments === null ? "unreadable arguments" : JSON.stringify(call.arguments);
  return html`<div class="call ${verdict}"><p><code>${call.tool}(${shorten(given)})</code> <span class="tag ${verdict}">${words}</span></p><pre>${shorten(call.output)}</pre></div>`;
}

function shorten(text: string): string {
  if (text.length <= textShown) return text;
  return `${text.slice(0, textShown)}\u2026 (${text.length - textShown} more characters)`;
}

/**
 * Every gate over rows of FTRL's, each by itself, and what explains their verdicts: answers held as literals, exact
 * wordings, answers to garbage. Prints one JSON object.
 *
 *   npx tsx scripts/ftrl/audit.ts ROWS.jsonl
 */
import { readRows } from "../../src/cli/env/rows-file.ts";
import { type Environment, unsolvedSet } from "../../src/core/environment/environment.ts";
import { programOf } from "../../src/core/environment/program.ts";
import { importFtrlRow } from "../../src/core/formats/ftrl.ts";
import type { Case, Gate } from "../../src/core/gates/gate.ts";
import { runGates } from "../../src/core/gates/run-gates.ts";
import { gateTable } from "../../src/core/gates/table.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Sandbox, ToolInvocation } from "../../src/core/ports/sandbox.ts";
import { answerMatches, normalizeAnswer } from "../../src/core/reward/match.ts";
import { defaultSandboxLimits } from "../../src/sandbox/limits.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import { type CodeFacts, readFacts } from "./facts.ts";
import { blindProbes, knowingProbes } from "./probes.ts";

const { rows } = await readRows(process.argv[2]!);
const environments = rows.map(({ text, where }) => importFtrlRow(text, where));
const sandbox = createSandbox({
  ...defaultSandboxLimits,
  log: (message) => process.stderr.write(`${message}\n`),
});
try {
  const report = {
    ...shape(environments),
    gates: await gateCounts(environments, sandbox),
    owners: await toolFindings(environments, sandbox),
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  await sandbox.close();
}

/** What needs no code to be run or read. */
function shape(all: readonly Environment[]) {
  const subAnswers = all.flatMap(({ subQuestions }) => subQuestions.map(({ answer }) => answer));
  const isShort = (answer: string) => answer.length <= 2;
  return {
    rows: all.length,
    tools: all.flatMap(({ tools }) => tools).length,
    goldTools: all.flatMap(({ tools }) => tools.filter(({ distractor }) => !distractor)).length,
    subAnswers: subAnswers.length,
    shortFinalAnswers: all.filter(({ answer }) => isShort(answer)).length,
    shortSubAnswers: subAnswers.filter(isShort).length,
    finalAnswerInQuestion: all.filter(({ question, answer }) => answerMatches(answer, question)).length,
    /** As words of the question, not as letters inside one. */
    finalAnswerAmongWords: all.filter(({ question, answer }) =>
      wordsOf(question).includes(` ${wordsOf(answer).trim()} `),
    ).length,
    finalAnswerNoSubAnswer: all.filter(
      ({ answer, subQuestions }) =>
        !subQuestions.some((sub) => normalizeAnswer(sub.answer).includes(normalizeAnswer(answer))),
    ).length,
  };
}

function wordsOf(text: string): string {
  return ` ${(text.toLowerCase().match(/[\p{L}\p{N}.$°]+/gu) ?? []).join(" ")} `;
}

/** Each gate alone, so that none hides behind a cheaper one. */
async function gateCounts(all: readonly Environment[], runner: Sandbox) {
  const cases: Case[] = all.map((environment) => ({ environment, tables: {} }));
  const counts: Record<string, unknown> = {};
  for (const gate of gateTable) counts[gate.gate] = await countOf(gate, cases, runner);
  return counts;
}

async function countOf(gate: Gate, cases: readonly Case[], runner: Sandbox) {
  const judged = await runGates(cases, [gate], runner);
  const refused = judged.flatMap(({ failure }, i) =>
    failure ? [{ row: i + 1, evidence: failure.finding.evidence }] : [],
  );
  return {
    refused: refused.length,
    rows: refused.map(({ row }) => row),
    example: refused[0]?.evidence ?? null,
  };
}

/** Of each tool that owes sub-answers: are they in its code, does it ask for a wording, what makes it give them. */
async function toolFindings(all: readonly Environment[], runner: Sandbox) {
  const owners = all.flatMap((environment, row) =>
    Object.entries(unsolvedSet(environment)).map(([name, answers]) => ({
      row,
      answers,
      tool: environment.tools.find(({ document }) => document.name === name)!,
    })),
  );
  const facts = await readFacts(
    owners.map(({ tool }) => tool),
    runner,
  );
  const blind = await answersTo(
    owners.map(({ tool }) => blindProbes(tool)),
    owners,
    runner,
  );
  const knowing = await answersTo(
    owners.map(({ tool }, i) => knowingProbes(tool, facts[i]!)),
    owners,
    runner,
  );
  const held = owners.map(({ answers }, i) => answers.filter((answer) => isHeld(answer, facts[i]!)).length);
  const found = knowing.flat().filter((call) => call !== undefined);
  return {
    subAnswersHeldAsLiterals: held.reduce((a, b) => a + b, 0),
    subAnswersWrittenInTheCode: owners.flatMap(({ answers, tool }) =>
      answers.filter((answer) => answerMatches(answer, tool.code)),
    ).length,
    toolsThatCompareSeveralWords: facts.filter(({ exact }) => exact.some((text) => /\S\s+\S/.test(text)))
      .length,
    toolsThatCompareThreeWords: facts.filter(({ exact }) => exact.some((text) => /\S\s+\S+\s+\S/.test(text)))
      .length,
    toolsThatCompareFreeText: owners.filter(({ tool }, i) => comparesFreeText(tool, facts[i]!)).length,
    subAnswersGivenToBlindCalls: blind.flat().filter((call) => call !== undefined).length,
    rowsThatGiveToBlindCalls: new Set(
      owners.flatMap(({ row }, i) => (blind[i]!.some((call) => call) ? [row] : [])),
    ).size,
    subAnswersGivenToKnowingCalls: found.length,
    wording: await rewordings(owners, knowing, runner),
    imports: countBy(facts.flatMap(({ imports }) => imports)),
  };
}

interface Owner {
  readonly tool: Environment["tools"][number];
  readonly answers: readonly string[];
}

/** calls[i][j]: the first of the i-th owner's calls whose output gives its j-th answer. */
async function answersTo(
  calls: readonly (readonly JsonObject[])[],
  owners: readonly Owner[],
  runner: Sandbox,
) {
  const outcomes = await runner.run(
    calls.flatMap((given, i): ToolInvocation[] =>
      given.map((one) => ({ program: programOf(owners[i]!.tool, {}), arguments: one })),
    ),
  );
  let next = 0;
  return calls.map((given, i) => {
    const mine = outcomes.slice(next, next + given.length);
    next += given.length;
    return owners[i]!.answers.map((answer) => {
      const at = mine.findIndex(({ kind, text }) => kind === "returned" && answerMatches(answer, text));
      return at < 0 ? undefined : given[at]!;
    });
  });
}

function isHeld(answer: string, { literals }: CodeFacts): boolean {
  return answer
    .split(", ")
    .every((piece) => literals.some((literal) => normalizeAnswer(literal).includes(normalizeAnswer(piece))));
}

/** Compares a parameter that is free text by its schema with a literal, word for word. */
function comparesFreeText({ document }: Owner["tool"], { compared, exact }: CodeFacts): boolean {
  return Object.entries(document.parameters.properties).some(
    ([name, schema]) =>
      schema.type === "string" &&
      schema.enum === undefined &&
      Object.hasOwn(compared, name) &&
      compared[name]!.some((literal) => literal.trim() !== "" && exact.includes(literal)),
  );
}

/** Calls that give an answer, with one free text written a little differently: how many still do. */
async function rewordings(
  owners: readonly Owner[],
  calls: readonly (readonly (JsonObject | undefined)[])[],
  runner: Sandbox,
) {
  const rewrite: Readonly<Record<string, (text: string) => string>> = {
    upperCase: (text) => text.toUpperCase(),
    spaced: (text) => ` ${text} `,
    withArticle: (text) => `the ${text}`,
    withRemark: (text) => `${text} (if known)`,
  };
  const result: Record<string, { calls: number; stillGive: number }> = {};
  for (const [kind, change] of Object.entries(rewrite)) {
    const changed = owners.flatMap(({ tool, answers }, i) =>
      answers.flatMap((answer, j) => {
        const call = calls[i]![j];
        const free = Object.entries(call ?? {}).find(
          ([name, value]) =>
            typeof value === "string" && tool.document.parameters.properties[name]?.enum === undefined,
        );
        return call && free
          ? [{ tool, answer, given: { ...call, [free[0]]: change(free[1] as string) } }]
          : [];
      }),
    );
    const outcomes = await runner.run(
      changed.map(({ tool, given }) => ({ program: programOf(tool, {}), arguments: given })),
    );
    const still = outcomes.filter(
      ({ kind: end, text }, i) => end === "returned" && answerMatches(changed[i]!.answer, text),
    );
    result[kind] = { calls: changed.length, stillGive: still.length };
  }
  return result;
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

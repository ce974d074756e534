/**
 * Answers survive every change of the tools: reference calls are run again on what an operation made, and an operation
 * that lost an answer is left out. Tables hold no row that no call asks for, which makes it cheap; gates look at the rest.
 */
import { asArgument } from "../environment/reference.ts";
import type { Sandbox } from "../ports/sandbox.ts";
import { answerMatches } from "../reward/match.ts";
import { referenceInvocations } from "../trajectory/golden.ts";
import { deploy } from "./deploy/deploy.ts";
import { tidyKey } from "./deploy/lookup-key.ts";
import type { Drafted } from "./draft.ts";
import type { Subjects } from "./integrate/functionality.ts";
import { alikePairs, integrate } from "./integrate/integrate.ts";
import { runSharedProbes } from "./integrate/probes.ts";
import { type ScalingStep, scalingSteps } from "./scale/scale.ts";

/** Whether each of them still solves every sub-question, by executing its tools. */
export async function stillSolve(
  batch: readonly Drafted[],
  subjects: Subjects,
  sandbox: Sandbox,
): Promise<boolean[]> {
  const { deployed, tables } = deploy(batch, excerptFor(batch, subjects));
  const calls = deployed.map(({ environment }) => referenceInvocations(environment, tables));
  const outcomes = calls.length > 0 ? await sandbox.run(calls.flat()) : [];
  let next = 0;
  return deployed.map(({ environment }, i) => {
    const own = outcomes.slice(next, next + calls[i]!.length);
    next += own.length;
    return environment.subQuestions.every(({ answer }, j) => {
      const outcome = own[j]!;
      return outcome.kind === "returned" && answerMatches(answer, outcome.text);
    });
  });
}

/**
 * Merges what is documented alike and did the same on shared probes; where a merged tool loses a sub-question that it
 * inherits, the tools stay apart.
 */
export async function integrateProven(
  batch: readonly Drafted[],
  subjects: Subjects,
  sandbox: Sandbox,
): Promise<Drafted[]> {
  const pairs = batch.flatMap((drafted) => alikePairs(drafted, subjects));
  const behavesAlike = await runSharedProbes(pairs, subjects, sandbox);
  const merged = batch.map((drafted) => integrate(drafted, subjects, behavesAlike));
  const solved = await stillSolve(merged, subjects, sandbox);
  return merged.map((one, i) => {
    if (solved[i]) return one;
    const { drafts, complexity } = batch[i]!;
    return { ...one, drafts, complexity: [...complexity, { operation: "function_integration", level: 0 }] };
  });
}

/** Applies the scaling operations, each proven; one that loses an answer is tried no more on that candidate. */
export async function scaleProven(
  batch: readonly Drafted[],
  subjects: Subjects,
  sandbox: Sandbox,
): Promise<Drafted[]> {
  const scaled: Drafted[] = [];
  let waiting = batch.map((drafted, at) => ({ drafted, at }));
  while (waiting.length > 0) {
    const tried = waiting.map((one) => ({ ...one, steps: scalingSteps(one.drafted, subjects) }));
    const solved = await stillSolve(
      tried.flatMap(({ steps }) => steps.map(({ after }) => after)),
      subjects,
      sandbox,
    );
    const again: typeof waiting = [];
    let next = 0;
    for (const { drafted, at, steps } of tried) {
      const lost = steps.find((_, i) => !solved[next + i]);
      next += steps.length;
      // Where nothing is left to leave out, the gates say what is wrong.
      if (lost && drafted.decomposed.candidate.levels[lost.dial] > 0)
        again.push({ drafted: without(drafted, lost.dial), at });
      else scaled[at] = steps.at(-1)!.after;
    }
    waiting = again;
  }
  return scaled;
}

function without(drafted: Drafted, dial: ScalingStep["dial"]): Drafted {
  const { decomposed } = drafted;
  const { candidate } = decomposed;
  const levels = { ...candidate.levels, [dial]: 0 };
  return { ...drafted, decomposed: { ...decomposed, candidate: { ...candidate, levels } } };
}

/** The rows that reference calls ask for. */
function excerptFor(batch: readonly Drafted[], subjects: Subjects): Subjects {
  const names = new Set<string>();
  for (const { decomposed } of batch) {
    for (const sub of decomposed.subQuestions) names.add(tidyKey(String(asArgument(sub))));
    for (const operand of Object.values(decomposed.operands).flat())
      if ("value" in operand) names.add(tidyKey(String(operand.value)));
  }
  return Object.fromEntries(
    Object.entries(subjects).map(([id, { aliases, rows }]) => {
      const named = Object.entries(aliases).filter(([alias]) => names.has(alias));
      const keys = [...names, ...named.map(([, key]) => key)].filter((key) => Object.hasOwn(rows, key));
      return [
        id,
        {
          aliases: Object.fromEntries(named),
          rows: Object.fromEntries(keys.map((key) => [key, rows[key]!])),
        },
      ];
    }),
  );
}

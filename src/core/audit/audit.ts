/**
 * The gates' error rates, measured: of sound environments in which a defect was planted, how many still pass (false
 * pass), and of sound ones that were merely rewritten, or written by hand, how many are refused (false fail); by kind and
 * by gate.
 */
import type { Case, Gate } from "../gates/gate.ts";
import { guessedAnswer, guessRate } from "../gates/guess.ts";
import { type Judged, runGates } from "../gates/run-gates.ts";
import { type SetGate, setGates } from "../gates/set-gates.ts";
import { gateTable } from "../gates/table.ts";
import { seedOf } from "../hash.ts";
import type { Sandbox } from "../ports/sandbox.ts";
import { type Random, seededRandom } from "../random.ts";
import { answerMatches } from "../reward/match.ts";
import { codeDefects } from "./code-defects.ts";
import { handWritten } from "./hand-written.ts";
import { labelDefects } from "./label-defects.ts";
import type { Sound } from "./origins.ts";
import { planDefects } from "./plan-defects.ts";
import { questionDefects } from "./question-defects.ts";
import { rewrites } from "./rewrites.ts";
import { besideOthers, foundBeside, setDefects } from "./set-defects.ts";
import { toolsetDefects } from "./toolset-defects.ts";

const defects = [...questionDefects, ...planDefects, ...toolsetDefects, ...labelDefects, ...codeDefects];

export interface DefectRate {
  readonly kind: string;
  readonly gate: string;
  readonly n: number;
  /** Refused by any gate. */
  readonly caught: number;
  /** Refused by the gate whose business it is, which is asked whatever the others say. */
  readonly caughtByGate: number;
  /** Questions of some that passed. */
  readonly missed: readonly string[];
}

export interface RewriteRate {
  readonly kind: string;
  readonly n: number;
  readonly refused: number;
  /** How many of them by which gate. */
  readonly refusedBy: Readonly<Record<string, number>>;
  /** Gate and evidence of some that were refused. */
  readonly reasons: readonly string[];
}

export interface GateRate {
  readonly gate: string;
  /** Defects that are its business, and those of them that no gate caught. */
  readonly defects: number;
  readonly falsePasses: number;
  /** Rewritten sound environments, and those of them that this gate refused. */
  readonly sound: number;
  readonly falseFails: number;
}

/** What was measured, kind by kind. */
export interface Rates {
  readonly defects: readonly DefectRate[];
  readonly rewrites: readonly RewriteRate[];
}

export interface Audit extends Rates {
  /** Of all sound environments: those whose final answer the plainest guesser says, and the most it could expect to. */
  readonly guessed: { readonly n: number; readonly right: number; readonly bound: number };
  readonly gates: readonly GateRate[];
}

export interface AuditRequest {
  readonly perKind: number;
  readonly seed: number;
  /** Kinds that need not be measured again. */
  readonly known: Rates;
  /** Told after each kind, so that what is done can be kept. */
  readonly onKind: (kind: string, done: number, total: number, rates: Rates) => void;
}

/** Environments through the gates at once; bounds the calls of one sandbox run. */
const together = 32;
const examples = 3;
const byHand = "written by hand";

/** `pool` are accepted environments; each kind takes the first `perKind` of a seeded order that can have it. */
export async function audit(
  pool: readonly Sound[],
  { perKind, seed, known, onKind }: AuditRequest,
  sandbox: Sandbox,
): Promise<Audit> {
  const made = <T>(kind: string, make: (subject: Sound, random: Random) => T | undefined): Made<T>[] =>
    plantedIn(pool, seededRandom(seedOf(seed, kind)), perKind, make);
  const originals = pool.map(({ environment }) => environment);
  const defectKinds: Measure<DefectRate>[] = [
    ...defects.map(({ kind, gate, plant }) => ({
      kind,
      measure: async () => {
        const cases = made(kind, plant).map(({ result }) => result);
        return defectRate(kind, gate, cases, await findingsOf(gate, cases, sandbox));
      },
    })),
    ...setDefects.map((defect) => ({
      kind: defect.kind,
      measure: async () => {
        const planted = made(defect.kind, ({ environment }, random) => defect.plant(environment, random));
        const questions = planted.map(({ result }) => result);
        return setDefectRate(defect.kind, defect.gate, questions, foundBeside(originals, defect, questions));
      },
    })),
  ];
  const rewriteKinds: Measure<RewriteRate>[] = [
    ...rewrites.map(({ kind, rewrite }) => ({
      kind,
      measure: async () => {
        const cases = made(kind, rewrite);
        const judged = await judge(
          cases.map(({ result }) => result),
          sandbox,
        );
        return rewriteRate(kind, judged, besideOthers(originals, cases));
      },
    })),
    {
      kind: byHand,
      measure: async () => rewriteRate(byHand, await judge(handWritten(perKind, seed), sandbox), []),
    },
  ];
  const total = defectKinds.length + rewriteKinds.length;
  let rates: Rates = { defects: [], rewrites: [] };
  const done = () => rates.defects.length + rates.rewrites.length;
  for (const { kind, measure } of defectKinds) {
    const rate = known.defects.find((one) => one.kind === kind) ?? (await measure());
    rates = { ...rates, defects: [...rates.defects, rate] };
    onKind(kind, done(), total, rates);
  }
  for (const { kind, measure } of rewriteKinds) {
    const rate = known.rewrites.find((one) => one.kind === kind) ?? (await measure());
    rates = { ...rates, rewrites: [...rates.rewrites, rate] };
    onKind(kind, done(), total, rates);
  }
  return { ...rates, guessed: guessedOf(pool), gates: gateRates(rates) };
}

interface Measure<T> {
  readonly kind: string;
  readonly measure: () => Promise<T>;
}

/** With the place in the pool of what it was made from. */
interface Made<T> {
  readonly origin: number;
  readonly result: T;
}

function plantedIn<T>(
  pool: readonly Sound[],
  random: Random,
  most: number,
  make: (subject: Sound, random: Random) => T | undefined,
): Made<T>[] {
  const found: Made<T>[] = [];
  for (const origin of random.shuffle([...pool.keys()])) {
    const result = make(pool[origin]!, random);
    if (result !== undefined) found.push({ origin, result });
    if (found.length === most) break;
  }
  return found;
}

function guessedOf(pool: readonly Case[]): Audit["guessed"] {
  return {
    n: pool.length,
    right: pool.filter((subject) => isGuessed(subject)).length,
    bound: pool.reduce((sum, subject) => sum + guessRate(subject).rate, 0),
  };
}

function isGuessed(subject: Case): boolean {
  const guess = guessedAnswer(subject);
  return guess !== undefined && answerMatches(subject.environment.answer, guess);
}

/** The gates that look at sets were asked about rewrites alone: what is written by hand stands beside nothing. */
function gateRates({ defects: planted, rewrites: sound }: Rates): GateRate[] {
  const count = (rates: readonly RewriteRate[]) => rates.reduce((sum, { n }) => sum + n, 0);
  return [...gateTable.map(({ gate }) => gate), ...setGates].map((gate) => {
    const own = planted.filter((rate) => rate.gate === gate);
    const looked = isSetGate(gate) ? sound.filter(({ kind }) => kind !== byHand) : sound;
    return {
      gate,
      defects: own.reduce((sum, { n }) => sum + n, 0),
      falsePasses: own.reduce((sum, { n, caught }) => sum + n - caught, 0),
      sound: count(looked),
      falseFails: looked.reduce((sum, { refusedBy }) => sum + (refusedBy[gate] ?? 0), 0),
    };
  });
}

const isSetGate = (gate: string) => (setGates as readonly string[]).includes(gate);

async function judge(
  cases: readonly Case[],
  sandbox: Sandbox,
  gates: readonly Gate[] = gateTable,
): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (let at = 0; at < cases.length; at += together)
    judged.push(...(await runGates(cases.slice(at, at + together), gates, sandbox)));
  return judged;
}

interface Findings {
  readonly byAny: boolean;
  readonly byOwn: boolean;
}

/** By the static gates, and by its own whatever these say; all others run where none of them refuses. */
async function findingsOf(own: string, cases: readonly Case[], sandbox: Sandbox): Promise<Findings[]> {
  const looked = await judge(
    cases,
    sandbox,
    gateTable.filter(({ kind }) => kind === "static"),
  );
  const alone = await judge(
    cases,
    sandbox,
    gateTable.filter(({ gate }) => gate === own),
  );
  const first = cases.map((_, i) => looked[i]!.failure ?? alone[i]!.failure);
  const rest = await judge(
    cases.filter((_, i) => !first[i]),
    sandbox,
  );
  return first.map((failure, i) => ({
    byAny: (failure ?? rest.shift()!.failure) !== undefined,
    byOwn: alone[i]!.failure !== undefined,
  }));
}

function defectRate(
  kind: string,
  gate: string,
  cases: readonly Case[],
  findings: readonly Findings[],
): DefectRate {
  const missed = cases.filter((_, i) => !findings[i]!.byAny);
  return {
    kind,
    gate,
    n: cases.length,
    caught: cases.length - missed.length,
    caughtByGate: findings.filter(({ byOwn }) => byOwn).length,
    missed: missed.slice(0, examples).map(({ environment }) => environment.question),
  };
}

function setDefectRate(
  kind: string,
  gate: SetGate,
  planted: readonly Case["environment"][],
  found: readonly boolean[],
): DefectRate {
  const missed = planted.filter((_, i) => !found[i]);
  const caught = planted.length - missed.length;
  const questions = missed.slice(0, examples).map(({ question }) => question);
  return { kind, gate, n: planted.length, caught, caughtByGate: caught, missed: questions };
}

interface Refusal {
  readonly gate: string;
  readonly evidence: string;
}

function rewriteRate(
  kind: string,
  judged: readonly Judged[],
  beside: readonly (Refusal | undefined)[],
): RewriteRate {
  const refusals = judged.flatMap(({ failure }, i): Refusal[] => {
    if (failure) return [{ gate: failure.gate, evidence: failure.finding.evidence }];
    return beside[i] ? [beside[i]] : [];
  });
  const refusedBy: Record<string, number> = {};
  for (const { gate } of refusals) refusedBy[gate] = (refusedBy[gate] ?? 0) + 1;
  return {
    kind,
    n: judged.length,
    refused: refusals.length,
    refusedBy,
    reasons: refusals.slice(0, examples).map(({ gate, evidence }) => `${gate}: ${evidence}`),
  };
}

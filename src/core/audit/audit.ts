/**
 * The gates' error rates, measured: of sound environments in which a defect was planted, how many still pass (false
 * pass), and of sound ones that were merely rewritten, how many are refused (false fail); by kind and by gate.
 */
import type { Case } from "../gates/gate.ts";
import { guessedAnswer, guessRate } from "../gates/guess.ts";
import { type Judged, runGates } from "../gates/run-gates.ts";
import { gateTable } from "../gates/table.ts";
import { seedOf } from "../hash.ts";
import type { Sandbox } from "../ports/sandbox.ts";
import { type Random, seededRandom } from "../random.ts";
import { answerMatches } from "../reward/match.ts";
import { codeDefects } from "./code-defects.ts";
import { labelDefects } from "./label-defects.ts";
import { planDefects } from "./plan-defects.ts";
import { rewrites } from "./rewrites.ts";
import { foundBeside, setDefects } from "./set-defects.ts";

export const defects = [...planDefects, ...labelDefects, ...codeDefects];

export interface DefectRate {
  readonly kind: string;
  readonly gate: string;
  readonly n: number;
  /** Refused by any gate. */
  readonly caught: number;
  /** Refused by the gate whose business it is; executing gates do not run where a static one refuses. */
  readonly caughtByGate: number;
  /** Questions of some that passed. */
  readonly missed: readonly string[];
}

export interface RewriteRate {
  readonly kind: string;
  readonly n: number;
  readonly refused: number;
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

export interface Audit {
  /** Of all sound environments: those whose final answer the plainest guesser says, and the most it could expect to. */
  readonly guessed: { readonly n: number; readonly right: number; readonly bound: number };
  readonly defects: readonly DefectRate[];
  readonly rewrites: readonly RewriteRate[];
  readonly gates: readonly GateRate[];
}

/** Environments through the gates at once; bounds the calls of one sandbox run. */
const together = 32;
const examples = 3;

/** `pool` are accepted environments; each kind takes the first `perKind` of a seeded order that can have it. */
export async function audit(
  pool: readonly Case[],
  { perKind, seed }: { readonly perKind: number; readonly seed: number },
  sandbox: Sandbox,
  onKind: (kind: string, done: number, total: number) => void,
): Promise<Audit> {
  const total = defects.length + setDefects.length + rewrites.length;
  const made = <T>(kind: string, make: (subject: Case, random: Random) => T | undefined): T[] => {
    const random = seededRandom(seedOf(seed, kind));
    return random
      .shuffle(pool)
      .flatMap((subject) => make(subject, random) ?? [])
      .slice(0, perKind);
  };
  const defectRates: DefectRate[] = [];
  const rewriteRates: RewriteRate[] = [];
  const refusedBy = new Map<string, number>();
  for (const { kind, gate, plant } of defects) {
    const cases = made(kind, plant);
    defectRates.push(defectRate(kind, gate, cases, await judge(cases, sandbox)));
    onKind(kind, defectRates.length, total);
  }
  const originals = pool.map(({ environment }) => environment);
  for (const defect of setDefects) {
    const { kind, gate, plant } = defect;
    const planted = made(kind, ({ environment }, random) => plant(environment, random));
    const found = foundBeside(originals, defect, planted);
    const missed = planted.filter((_, i) => !found[i]);
    const caught = planted.length - missed.length;
    defectRates.push({
      kind,
      gate,
      n: planted.length,
      caught,
      caughtByGate: caught,
      missed: missed.slice(0, examples).map(({ question }) => question),
    });
    onKind(kind, defectRates.length, total);
  }
  for (const { kind, rewrite } of rewrites) {
    const judged = await judge(made(kind, rewrite), sandbox);
    for (const { failure } of judged)
      if (failure) refusedBy.set(failure.gate, (refusedBy.get(failure.gate) ?? 0) + 1);
    rewriteRates.push(rewriteRate(kind, judged));
    onKind(kind, defectRates.length + rewriteRates.length, total);
  }
  const sound = rewriteRates.reduce((sum, { n }) => sum + n, 0);
  return {
    defects: defectRates,
    rewrites: rewriteRates,
    guessed: {
      n: pool.length,
      right: pool.filter((subject) => isGuessed(subject)).length,
      bound: pool.reduce((sum, subject) => sum + guessRate(subject).rate, 0),
    },
    gates: gateTable.map(({ gate }) => {
      const own = defectRates.filter((rate) => rate.gate === gate);
      return {
        gate,
        defects: own.reduce((sum, { n }) => sum + n, 0),
        falsePasses: own.reduce((sum, { n, caught }) => sum + n - caught, 0),
        sound,
        falseFails: refusedBy.get(gate) ?? 0,
      };
    }),
  };
}

function isGuessed(subject: Case): boolean {
  const guess = guessedAnswer(subject);
  return guess !== undefined && answerMatches(subject.environment.answer, guess);
}

async function judge(cases: readonly Case[], sandbox: Sandbox): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (let at = 0; at < cases.length; at += together)
    judged.push(...(await runGates(cases.slice(at, at + together), gateTable, sandbox)));
  return judged;
}

function defectRate(
  kind: string,
  gate: string,
  cases: readonly Case[],
  judged: readonly Judged[],
): DefectRate {
  const missed = cases.filter((_, i) => !judged[i]!.failure);
  const byGate = judged.filter(({ verdicts }) =>
    verdicts.some((given) => given.gate === gate && given.verdict === "fail"),
  );
  return {
    kind,
    gate,
    n: cases.length,
    caught: cases.length - missed.length,
    caughtByGate: byGate.length,
    missed: missed.slice(0, examples).map(({ environment }) => environment.question),
  };
}

function rewriteRate(kind: string, judged: readonly Judged[]): RewriteRate {
  const failures = judged.flatMap(({ failure }) => failure ?? []);
  return {
    kind,
    n: judged.length,
    refused: failures.length,
    reasons: failures.slice(0, examples).map(({ gate, finding }) => `${gate}: ${finding.evidence}`),
  };
}

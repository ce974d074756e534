/**
 * Whether an environment asks what a benchmark asks, so that training on it would be training on the test. Rows whose
 * reference calls are known are compared by their facts, as near-duplicates are; imported rows store none, and are
 * compared by their words and their sub-answers.
 */
import type { Environment } from "../environment/environment.ts";
import { normalizeAnswer } from "../reward/match.ts";
import { madeCalls, namesOf } from "./calls.ts";
import { createBands, type Signature, shingles, similarity } from "./minhash.ts";
import { createDuplicateFinder, jaccard, questionSignature, traitsOf, wordsOf } from "./near-duplicates.ts";

/** Raised when another environment would be found. */
export const contaminationVersion = 2;

export interface Benchmark {
  /** As a person named it: an import's name or a content hash. */
  readonly name: string;
  readonly environments: readonly Environment[];
}

/**
 * Words in a row, a name that is asked about among them, that two questions do not share by chance; the customary length
 * in contamination studies.
 */
const wordsInRow = 13;
/** A shorter question counts as a whole; from this length on also where it stands among other words. */
const leastWords = 5;
const leastSimilar = 0.8;
const bandRows = 4;
/** One answer is shared by chance; two, and the final one, of most that either has, are not. */
const leastSharedAnswers = 2;
const leastAnswersAlike = 0.7;

interface Row {
  readonly where: string;
  readonly signature: Signature;
  readonly answers: ReadonlySet<string>;
  readonly answer: string;
}

export interface ContaminationFinder {
  /** What is repeated and of which row; undefined where nothing is. */
  find(environment: Environment): string | undefined;
}

export function createContaminationFinder(benchmarks: readonly Benchmark[]): ContaminationFinder {
  const duplicates = createDuplicateFinder();
  const places: string[] = [];
  const runs = new Map<string, Row>();
  const lengths = new Set([wordsInRow]);
  const alike = createBands<Row>(bandRows);
  const byAnswer = new Map<string, Row[]>();
  for (const { name, environments } of benchmarks)
    for (const [i, environment] of environments.entries()) {
      const where = `row ${i + 1} of '${name}'`;
      if (environment.referenceCalls.length > 0) {
        places.push(where);
        duplicates.add(traitsOf(environment));
        continue;
      }
      const row = rowOf(environment, where);
      const words = wordsOf(environment.question);
      if (words.length >= leastWords) lengths.add(Math.min(words.length, wordsInRow));
      for (const run of shingles(words, wordsInRow)) if (!runs.has(run)) runs.set(run, row);
      alike.add(row.signature, row);
      byAnswer.set(row.answer, [...(byAnswer.get(row.answer) ?? []), row]);
    }
  return {
    find(environment) {
      const repeated = places.length > 0 ? duplicates.find(traitsOf(environment)) : undefined;
      if (repeated) return `${places[repeated.at]}: ${repeated.reason}`;
      const words = wordsOf(environment.question);
      const names = nameWords(environment, words);
      const run = [words.length, ...lengths]
        .flatMap((length) => shingles(words, length))
        .find((one) => runs.has(one) && (names.size === 0 || one.split(" ").some((word) => names.has(word))));
      if (run !== undefined) return `${runs.get(run)!.where}: has the words '${run}'`;
      const own = rowOf(environment, "");
      const similar = alike
        .near(own.signature)
        .find((row) => similarity(row.signature, own.signature) >= leastSimilar);
      if (similar) return `${similar.where}: has nearly the same words`;
      const same = (byAnswer.get(own.answer) ?? []).find((row) => sharesAnswers(row, own));
      return same && `${same.where}: has the same sub-answers and the same answer`;
    },
  };
}

/** Words of names that a question asks about: a run without any of them is how questions of its kind are put. */
function nameWords(environment: Environment, words: readonly string[]): ReadonlySet<string> {
  const names = new Set(namesOf(madeCalls({ environment, tables: {} })).flatMap(wordsOf));
  return new Set(words.filter((word) => names.has(word)));
}

const rowOf = ({ question, answer, subQuestions }: Environment, where: string): Row => ({
  where,
  signature: questionSignature(question),
  answers: new Set(subQuestions.map((sub) => normalizeAnswer(sub.answer))),
  answer: normalizeAnswer(answer),
});

function sharesAnswers(a: Row, b: Row): boolean {
  const shared = [...a.answers].filter((answer) => b.answers.has(answer)).length;
  return shared >= leastSharedAnswers && jaccard(a.answers, b.answers) >= leastAnswersAlike;
}

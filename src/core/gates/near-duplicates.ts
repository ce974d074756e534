/**
 * Which environments ask what another asked: the same words, the same facts whatever the words and tools, or nearly so.
 *
 * Questions of one template differ in names alone, and asking for another name is asking something else. So the facts
 * (names and answer of each reference call) have to agree before words or tools are compared at all: near-duplicates share
 * most facts and are alike in their question, or in their tools' documents and code.
 */
import type { Environment } from "../environment/environment.ts";
import { tidyKey } from "../synthesis/deploy/lookup-key.ts";
import { madeCalls, namesOf } from "./calls.ts";
import { createBands, type Signature, shingles, signatureOf, similarity } from "./minhash.ts";

/** Least Jaccard similarities: exact for facts, estimated from signatures for the others. */
const limits = { facts: 0.7, question: 0.8, documents: 0.8, code: 0.8 };
/** Rows of a band over the facts' signatures: finds more than 999 of 1,000 pairs at the limit. */
const bandRows = 4;
const wordsInShingle = 3;
const tokensInShingle = 5;

/** What of an environment is compared. */
interface Traits {
  readonly environment: Environment;
  readonly words: string;
  readonly facts: ReadonlySet<string>;
  /** With how the answer follows, what two questions for the same thing share. */
  readonly asked: string;
  readonly factsSignature: Signature;
  /** Made when a pair of facts agrees; most never are. */
  readonly question: () => Signature;
  readonly documents: () => Signature;
  readonly code: () => Signature;
}

export interface Repetition {
  readonly of: Environment;
  readonly reason: string;
}

export interface DuplicateFinder {
  add(environment: Environment): void;
  /** The first environment added that asks the same, or nearly the same. */
  find(environment: Environment): Repetition | undefined;
}

export function createDuplicateFinder(): DuplicateFinder {
  const known = new Map<string, Environment>();
  const bands = createBands<Traits>(bandRows);
  return {
    add(environment) {
      const traits = traitsOf(environment);
      for (const key of [traits.words, traits.asked]) if (!known.has(key)) known.set(key, environment);
      bands.add(traits.factsSignature, traits);
    },
    find(environment) {
      const traits = traitsOf(environment);
      const twin = known.get(traits.words) ?? known.get(traits.asked);
      if (twin) return { of: twin, reason: `asks the same as '${twin.question}'` };
      for (const other of bands.near(traits.factsSignature)) {
        const likeness = likenessOf(traits, other);
        if (likeness !== undefined)
          return { of: other.environment, reason: `${likeness} as '${other.environment.question}'` };
      }
      return undefined;
    },
  };
}

function likenessOf(a: Traits, b: Traits): string | undefined {
  const facts = jaccard(a.facts, b.facts);
  if (facts < limits.facts) return undefined;
  const question = similarity(a.question(), b.question());
  if (question >= limits.question)
    return `${percent(facts)} of the facts and ${percent(question)} of the words`;
  const documents = similarity(a.documents(), b.documents());
  const code = similarity(a.code(), b.code());
  if (documents < limits.documents || code < limits.code) return undefined;
  return `${percent(facts)} of the facts, ${percent(documents)} of the documents and ${percent(code)} of the code`;
}

function traitsOf(environment: Environment): Traits {
  const { question, composition, tools, subQuestions } = environment;
  const calls = madeCalls({ environment, tables: {} });
  const listed = calls.map((call) => [...namesOf([call]).map(tidyKey).sort(), tidyKey(call.sub.answer)]);
  // Where no calls are known, as of imported environments, the answers are all there is of the facts.
  const facts = (calls.length > 0 ? listed : subQuestions.map(({ answer }) => [tidyKey(answer)])).map(
    (fact) => fact.join("|"),
  );
  const words = wordsOf(question);
  return {
    environment,
    words: `words ${words.join(" ")}`,
    facts: new Set(facts),
    asked:
      calls.length > 0
        ? `facts ${composition.kind} ${[...facts].sort().join("; ")}`
        : `words ${words.join(" ")}`,
    factsSignature: signatureOf(facts),
    question: once(() => questionSignature(question)),
    documents: once(() =>
      signatureOf(
        tools.flatMap(({ document }) => shingles(wordsOf(JSON.stringify(document)), wordsInShingle)),
      ),
    ),
    code: once(() => signatureOf(tools.flatMap(({ code }) => shingles(tokensOf(code), tokensInShingle)))),
  };
}

export const questionSignature = (question: string): Signature =>
  signatureOf(shingles(wordsOf(question), wordsInShingle));

/** Words as they are compared: without case, accents and punctuation. */
export const wordsOf = (text: string): string[] => tidyKey(text).match(/[\p{L}\p{N}]+/gu) ?? [];
const tokensOf = (code: string): string[] => code.match(/[\p{L}\p{N}_$]+|[^\s\p{L}\p{N}_$]/gu) ?? [];

/** Shared members of all that either has. */
export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((member) => b.has(member)).length;
  return shared / (a.size + b.size - shared);
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

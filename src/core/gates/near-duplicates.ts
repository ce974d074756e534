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
import {
  createBands,
  type ShortSignature,
  type Signature,
  shingles,
  shortened,
  signatureOf,
  similarity,
} from "./minhash.ts";

/** Raised when another environment would be found. */
export const nearDuplicatesVersion = 2;

/** Least Jaccard similarities: exact for facts, estimated from signatures for the others. */
const limits = { facts: 0.7, question: 0.8, documents: 0.8, code: 0.8 };
/** Rows of a band over the facts' signatures: finds more than 999 of 1,000 pairs at the limit. */
const bandRows = 4;
const wordsInShingle = 3;
const tokensInShingle = 5;

/** What of an environment is compared: all that has to be kept of it, as plain JSON. */
export interface Traits {
  readonly question: string;
  /** Names and answer of each reference call, or the sub-answers where no calls are known. */
  readonly facts: readonly string[];
  /** How the answer follows from them; null where no calls are known. */
  readonly follows: string | null;
  /** Shortened signatures of question, documents and code, one after the other, in base64. */
  readonly signatures: string;
}

export interface Repetition {
  /** Which one it repeats, by the order of adding. */
  readonly at: number;
  readonly reason: string;
}

export interface DuplicateFinder {
  add(traits: Traits): void;
  /** The first one added that asks the same, or nearly the same. */
  find(traits: Traits): Repetition | undefined;
}

interface Compared {
  readonly at: number;
  readonly asks: string;
  readonly facts: ReadonlySet<string>;
  readonly question: ShortSignature;
  readonly documents: ShortSignature;
  readonly code: ShortSignature;
}

export function createDuplicateFinder(): DuplicateFinder {
  const known = new Map<string, Compared>();
  const bands = createBands<Compared>(bandRows);
  let added = 0;
  return {
    add(traits) {
      const one = comparedOf(traits, added++);
      for (const key of keysOf(traits)) if (!known.has(key)) known.set(key, one);
      bands.add(signatureOf(traits.facts), one);
    },
    find(traits) {
      const [words, asked] = keysOf(traits);
      const twin = known.get(words) ?? known.get(asked);
      if (twin) return { at: twin.at, reason: `asks the same as '${twin.asks}'` };
      const one = comparedOf(traits, added);
      for (const other of bands.near(signatureOf(traits.facts))) {
        const likeness = likenessOf(one, other);
        if (likeness !== undefined) return { at: other.at, reason: `${likeness} as '${other.asks}'` };
      }
      return undefined;
    },
  };
}

/** The words, and with how the answer follows, what two questions for the same thing share. */
function keysOf({ question, facts, follows }: Traits): [words: string, asked: string] {
  const words = `words ${wordsOf(question).join(" ")}`;
  return [words, follows === null ? words : `facts ${follows} ${[...facts].sort().join("; ")}`];
}

function comparedOf({ question, facts, signatures }: Traits, at: number): Compared {
  const bytes = Uint8Array.from(Buffer.from(signatures, "base64"));
  const values = new Uint16Array(bytes.buffer);
  const third = values.length / 3;
  return {
    at,
    asks: question,
    facts: new Set(facts),
    question: values.subarray(0, third),
    documents: values.subarray(third, 2 * third),
    code: values.subarray(2 * third),
  };
}

function likenessOf(a: Compared, b: Compared): string | undefined {
  const facts = jaccard(a.facts, b.facts);
  if (facts < limits.facts) return undefined;
  const question = similarity(a.question, b.question);
  if (question >= limits.question)
    return `${percent(facts)} of the facts and ${percent(question)} of the words`;
  const documents = similarity(a.documents, b.documents);
  const code = similarity(a.code, b.code);
  if (documents < limits.documents || code < limits.code) return undefined;
  return `${percent(facts)} of the facts, ${percent(documents)} of the documents and ${percent(code)} of the code`;
}

export function traitsOf(environment: Environment): Traits {
  const { question, composition, tools, subQuestions } = environment;
  const calls = madeCalls({ environment, tables: {} });
  const listed = calls.map((call) => [...namesOf([call]).map(tidyKey).sort(), tidyKey(call.sub.answer)]);
  const documents = tools.flatMap(({ document }) =>
    shingles(wordsOf(JSON.stringify(document)), wordsInShingle),
  );
  const code = tools.flatMap((tool) => shingles(tokensOf(tool.code), tokensInShingle));
  const signatures = [questionSignature(question), signatureOf(documents), signatureOf(code)];
  return {
    question,
    // Where no calls are known, as of imported environments, the answers are all there is of the facts.
    facts: (calls.length > 0 ? listed : subQuestions.map(({ answer }) => [tidyKey(answer)])).map((fact) =>
      fact.join("|"),
    ),
    follows: calls.length > 0 ? composition.kind : null,
    signatures: Buffer.concat(
      signatures.map((signature) => Buffer.from(shortened(signature).buffer)),
    ).toString("base64"),
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

const percent = (share: number) => `${Math.round(share * 100)} %`;

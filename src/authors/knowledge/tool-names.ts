/** Names of tools. A name is a noun in a pattern, and each pattern belongs to one split, so no name is in two. */
import type { Split } from "../../core/environment/environment.ts";
import type { Random } from "../../core/random.ts";

const patterns: Readonly<Record<Split, readonly ((noun: string) => string)[]>> = {
  train: [
    (noun) => `get_${noun}`,
    (noun) => `find_${noun}`,
    (noun) => `lookup_${noun}`,
    (noun) => `${noun}_lookup`,
    (noun) => `show_${noun}`,
    (noun) => `get${camel(noun)}`,
  ],
  validation: [(noun) => `query_${noun}`, (noun) => `${noun}_finder`, (noun) => `search${camel(noun)}`],
  test: [(noun) => `fetch_${noun}`, (noun) => `${noun}_service`, (noun) => `retrieve${camel(noun)}`],
};

const camel = (noun: string) =>
  noun.replace(/(^|_)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase());

export const drawToolName = (nouns: readonly string[], split: Split, random: Random) =>
  random.pick(patterns[split])(random.pick(nouns));

/** Which environments of a set ask the same: in the same words, or for the same facts whatever the words and tools. */
import type { Environment } from "../environment/environment.ts";
import { contentHash } from "../hash.ts";
import { tidyKey } from "../synthesis/deploy/lookup-key.ts";
import { madeCalls, namesOf } from "./calls.ts";

/** Two environments are near-duplicates where they share a key. */
export function duplicateKeys(environment: Environment): string[] {
  const calls = madeCalls({ environment, tables: {} });
  const facts = calls.map((call) => [...namesOf([call]).map(tidyKey).sort(), tidyKey(call.sub.answer)]);
  return [
    `words ${contentHash(
      tidyKey(environment.question)
        .match(/[\p{L}\p{N}]+/gu)
        ?.join(" "),
    )}`,
    `facts ${contentHash([environment.composition.kind, facts.map((fact) => fact.join("|")).sort()])}`,
  ];
}

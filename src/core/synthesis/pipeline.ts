/**
 * Versions of all that makes a set of candidates. They are part of what each step is keyed by: a result is taken again for
 * as long as nothing that it depends on has changed, whichever run computed it.
 */
import { contaminationVersion } from "../gates/contamination.ts";
import { nearDuplicatesVersion } from "../gates/near-duplicates.ts";
import { gateTable } from "../gates/table.ts";
import { contentHash } from "../hash.ts";
import type { Json } from "../json.ts";
import { profileVersion } from "./profile.ts";

/** Raised when a stage makes something else of the same input. */
const stageVersions = {
  decomposed: 2,
  documented: 1,
  integrated: 3,
  scaled: 5,
  proven: 4,
  assembled: 7,
} as const;

export type StageKind = keyof typeof stageVersions;

const gateVersions = gateTable.map(({ gate, version }) => [gate, version]);
const setRuleVersions = [nearDuplicatesVersion, contaminationVersion, profileVersion];

/**
 * What a stage's result depends on beside its input: its own version; of the last one also the gates and, because a
 * repair goes through them again, the stages before; of a set the rules by which it takes an environment.
 */
export function rulesOf(kind: StageKind): readonly Json[] {
  const own = [kind, stageVersions[kind]];
  switch (kind) {
    case "decomposed":
    case "documented":
    case "integrated":
    case "scaled":
      return [...own];
    case "proven":
      return [...own, stageVersions, gateVersions];
    case "assembled":
      return [...own, setRuleVersions];
  }
}

/** What a built set depends on beside its specification, its author and the author's data. */
export const pipelineVersion = (): string => contentHash([stageVersions, gateVersions, setRuleVersions]);

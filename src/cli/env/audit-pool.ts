/**
 * Sound environments to plant defects in: what the author proposes of the test split and all gates accept at once, nothing
 * asked twice. Some defects need a comparison or a number in the question, which few have, so more of these are sought.
 */
import { originsOf, type Sound } from "../../core/audit/origins.ts";
import type { Environment, Profile } from "../../core/environment/environment.ts";
import { createDuplicateFinder, traitsOf } from "../../core/gates/near-duplicates.ts";
import { runGates } from "../../core/gates/run-gates.ts";
import { gateTable } from "../../core/gates/table.ts";
import type { EnvironmentAuthor } from "../../core/ports/author.ts";
import type { Sandbox } from "../../core/ports/sandbox.ts";
import type { Candidate } from "../../core/synthesis/candidate.ts";
import { draftTools } from "../../core/synthesis/construct.ts";
import { allSubjectsOf, deploy } from "../../core/synthesis/deploy/deploy.ts";

/** Where a member stands: its part of the pool, and the candidate's index there. */
export type Member = readonly [part: number, index: number];

export interface Pool {
  readonly cases: readonly Sound[];
  readonly members: readonly Member[];
}

export interface PoolRequest {
  readonly profile: Profile;
  readonly perKind: number;
  readonly seed: number;
  /** Members of a pool built before, which need no proof again. */
  readonly known?: readonly Member[] | undefined;
}

interface Part {
  readonly scenarios: Parameters<EnvironmentAuthor["propose"]>[0]["scenarios"];
  readonly count: number;
  readonly wants: (candidate: Candidate) => boolean;
}

/** Environments proven at once. */
const together = 32;
/** Not every environment can have every defect; of four scenario types one in two can have most, and one in three the rarest. */
const poolPerKind = 3;
/** Candidates looked at for one that is wanted. */
const mostTries = 40;

const isKind =
  (...kinds: readonly Environment["composition"]["kind"][]) =>
  ({ composition }: Candidate) =>
    kinds.includes(composition.kind);

const partsOf = (perKind: number): Part[] => [
  {
    scenarios: { single_hop: 1, parallel_single_hop: 1, multi_hop: 1, parallel_multi_hop: 1 },
    count: poolPerKind * perKind,
    wants: () => true,
  },
  {
    scenarios: { single_hop: 0, parallel_single_hop: 1, multi_hop: 0, parallel_multi_hop: 0 },
    count: perKind,
    wants: isKind("argmax", "argmin"),
  },
  {
    scenarios: { single_hop: 0, parallel_single_hop: 1, multi_hop: 1, parallel_multi_hop: 0 },
    count: perKind,
    wants: isKind("count_above", "date_after"),
  },
];

export async function buildPool(
  author: EnvironmentAuthor,
  { profile, perKind, seed, known }: PoolRequest,
  sandbox: Sandbox,
  log: (message: string) => void,
): Promise<Pool> {
  const finder = createDuplicateFinder();
  const cases: Sound[] = [];
  const members: Member[] = [];
  const accept = (subject: Sound, member: Member) => {
    const traits = traitsOf(subject.environment);
    if (finder.find(traits)) return;
    finder.add(traits);
    cases.push(subject);
    members.push(member);
  };
  for (const [part, { scenarios, count, wants }] of partsOf(perKind).entries()) {
    const first = cases.length;
    const isKnown = (index: number) => known!.some(([of, at]) => of === part && at === index);
    const wanted = known ? known.filter(([of]) => of === part).length : count;
    for (let from = 0; cases.length - first < wanted && from < mostTries * count; from += together) {
      const candidates = await author.propose({
        split: "test",
        profile,
        scenarios,
        seed,
        from,
        count: together,
      });
      const chosen = candidates.filter(
        (candidate) => wants(candidate) && (!known || isKnown(candidate.index)),
      );
      const data = await author.subjectTables(allSubjectsOf(chosen));
      const { deployed, tables } = deploy(
        chosen.map((candidate) => draftTools(candidate, data)),
        data,
      );
      const subjects = deployed.map(({ environment, candidate }) => ({
        environment,
        tables,
        origins: originsOf(candidate),
      }));
      const judged = known ? [] : await runGates(subjects, gateTable, sandbox);
      for (const [i, { candidate }] of deployed.entries())
        if (!judged[i]?.failure && cases.length - first < wanted)
          accept(subjects[i]!, [part, candidate.index]);
      log(`${cases.length - first} sound environments of ${wanted}, part ${part + 1} of 3`);
    }
  }
  return { cases, members };
}

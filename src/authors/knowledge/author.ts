/** The offline author: environments from open data that npm serves, nothing to install or ask. */
import { type Profile, type ScenarioType, scenarioTypes } from "../../core/environment/environment.ts";
import type { HeldOut } from "../../core/environment/split.ts";
import { RatchetError } from "../../core/errors.ts";
import type { EnvironmentAuthor, ProposalRequest } from "../../core/ports/author.ts";
import { packageVersion } from "./packages.ts";
import { type Draft, proposeOne } from "./propose.ts";
import { type KnownSubject, knownSubjects, subjectTable, withRelationsOf } from "./subjects.ts";

/** Raised when the same (seed, index) gives another candidate than before. */
const version = "7";

/** Most tools and most sub-questions of an environment. */
const profileLimits: Readonly<Record<Profile, { maxTools: number; maxSubQuestions: number }>> = {
  compact: { maxTools: 5, maxSubQuestions: 5 },
  ftrl: { maxTools: 11, maxSubQuestions: 11 },
};

const defaultHeldOut: readonly HeldOut[] = ["wording", "tool-name"];

/** The data are read on first use, and once per process. */
export function createKnowledgeAuthor(): EnvironmentAuthor {
  return {
    name: "knowledge",
    version,
    propose: async (request) => {
      const draft = draftFor(request);
      const cycle = scenarioCycle(request);
      return Array.from({ length: request.count }, (_, i) => {
        const index = request.from + i;
        return proposeOne(draft, cycle[index % cycle.length]!, index);
      });
    },
    subjectTables: async (subjects) =>
      Object.fromEntries(subjects.map((id) => [id, subjectTable(knownSubjects().get(id)!)])),
  };
}

function draftFor(request: ProposalRequest): Draft {
  const heldOut = new Set(request.heldOut ?? defaultHeldOut);
  const known = [...knownSubjects().values()];
  const subjects = heldOut.has("relation") ? withRelationsOf(request.split, known) : known;
  const byId = new Map(subjects.map((subject) => [subject.id, subject]));
  const versions = new Map<string, string>();
  const { maxTools, maxSubQuestions } = profileLimits[request.profile];
  return {
    request,
    limits: {
      profile: request.profile,
      maxTools: Math.min(request.maxTools ?? maxTools, maxTools),
      maxSubQuestions: Math.min(request.maxSubQuestions ?? maxSubQuestions, maxSubQuestions),
    },
    world: { subjects: subjectsIn(request.domains, subjects), byId, split: request.split, heldOut },
    lineage: { author: "knowledge", authorVersion: version },
    sourcesOf: ({ sources }) =>
      sources.map((source) => {
        if (!versions.has(source)) versions.set(source, packageVersion(source));
        return versions.get(source)!;
      }),
  };
}

function subjectsIn(
  domains: ProposalRequest["domains"],
  all: readonly KnownSubject[],
): readonly KnownSubject[] {
  const known = [...new Set(all.map(({ domain }) => domain))];
  const unknown = domains?.find((domain) => !known.includes(domain));
  if (unknown !== undefined || domains?.length === 0)
    throw new RatchetError(
      "InvalidInput",
      `field 'domains' = ${JSON.stringify(domains)}: the knowledge author's domains are ${known.join(", ")}; name at least one of them, or leave the field out for all`,
      { field: "domains", value: domains, known },
    );
  return domains ? all.filter(({ domain }) => domains.includes(domain)) : all;
}

/** One period of scenario types in which each has its weight, spread evenly; every prefix is nearly in proportion. */
function scenarioCycle({ scenarios }: ProposalRequest): ScenarioType[] {
  const wanted = scenarioTypes.map((type) => ({ type, weight: scenarios[type] ?? 0 }));
  const total = wanted.reduce((sum, { weight }) => sum + weight, 0);
  if (!Number.isInteger(total) || total < 1 || wanted.some(({ weight }) => weight < 0))
    throw new RatchetError(
      "InvalidInput",
      `field 'scenarios' = ${JSON.stringify(scenarios)}: weights must be whole numbers of at least 0 that sum to at least 1; name a scenario type and how many of it are wanted`,
      { field: "scenarios", value: scenarios },
    );
  const given = new Map<ScenarioType, number>();
  return Array.from({ length: total }, (_, i) => {
    const behind = ({ type, weight }: { type: ScenarioType; weight: number }) =>
      ((i + 1) * weight) / total - (given.get(type) ?? 0);
    const next = wanted.reduce((best, one) => (behind(one) > behind(best) ? one : best));
    given.set(next.type, (given.get(next.type) ?? 0) + 1);
    return next.type;
  });
}

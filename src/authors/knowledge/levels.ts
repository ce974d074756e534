/** How complex a candidate's tools become: drawn per candidate, within what profile, tool limit and prompt allow. */
import type { Random } from "../../core/random.ts";
import type { Candidate, ScalingLevels } from "../../core/synthesis/candidate.ts";
import { draftTools } from "../../core/synthesis/construct.ts";
import { compactCharacters, promptCharacters } from "../../core/synthesis/profile.ts";
import type { Limits } from "./scenarios.ts";

/** Tools that an `ftrl` environment comes to, as FTRL's test rows have them; distractors fill up what it needs. */
const ftrlTools = [7, 7, 8, 8, 9, 9, 10, 11] as const;

/** With as few tools as this, `compact` documents stay plain, for policies that can read little. */
const plainUpTo = 3;

/** `dialled` levels are taken as they are, within the tool limit. */
export function drawLevels(
  limits: Limits,
  goldCount: number,
  random: Random,
  dialled: Partial<ScalingLevels> = {},
): ScalingLevels {
  const room = Math.max(0, limits.maxTools - goldCount);
  const drawn = { ...drawByProfile(limits, goldCount, random), ...dialled };
  return { ...drawn, distractors: Math.min(room, drawn.distractors) };
}

function drawByProfile(limits: Limits, goldCount: number, random: Random): ScalingLevels {
  if (limits.profile === "ftrl") {
    const tools = random.pick(ftrlTools);
    return {
      integration: random.next() < 0.25 ? 1 : 0,
      generalization: 2 + random.integer(3),
      parameters: 4 + random.integer(4),
      parameterTypes: 2,
      distractors: Math.max(2, tools - goldCount),
    };
  }
  const distractors = 1 + random.integer(3);
  const plain = { integration: 0, generalization: 0, parameters: 0, parameterTypes: 0, distractors } as const;
  if (limits.maxTools <= plainUpTo) return plain;
  return {
    integration: random.next() < 0.35 ? 1 : 0,
    generalization: random.pick([0, 0, 0, 1, 2]),
    parameters: random.pick([0, 0, 0, 1, 1, 2]),
    parameterTypes: random.pick([0, 0, 1]),
    distractors,
  };
}

/**
 * The candidate with levels that keep what its profile promises, where they were not dialled; undefined where none do,
 * and another question has to be drawn.
 */
export function fitToProfile(
  candidate: Candidate,
  limits: Limits,
  dialled: Partial<ScalingLevels> = {},
): Candidate | undefined {
  return candidate.profile === "compact"
    ? fitCompact(candidate)
    : dialled.distractors === undefined
      ? fitFtrl(candidate, Math.min(ftrlTools[0], limits.maxTools))
      : candidate;
}

/** Takes complexity away, the least telling first, until the prompt is short enough. */
function fitCompact(candidate: Candidate): Candidate | undefined {
  const { distractors } = candidate.levels;
  const reductions: Partial<ScalingLevels>[] = [
    {},
    { parameters: 0 },
    { parameterTypes: 0 },
    { generalization: 0 },
    { integration: 0 },
    ...Array.from({ length: distractors }, (_, i) => ({ distractors: distractors - 1 - i })),
  ];
  let fitted = candidate;
  for (const reduction of reductions) {
    fitted = { ...fitted, levels: { ...fitted.levels, ...reduction } };
    if (promptCharacters(fitted.question, documentsOf(fitted)) <= compactCharacters) return fitted;
  }
  return undefined;
}

/** Integration makes fewer tools of those needed, and further distractors stand in for them. */
function fitFtrl(candidate: Candidate, leastTools: number): Candidate | undefined {
  const fewer = leastTools - documentsOf(candidate).length;
  if (fewer <= 0) return candidate;
  const { levels } = candidate;
  const fitted = { ...candidate, levels: { ...levels, distractors: levels.distractors + fewer } };
  return documentsOf(fitted).length >= leastTools ? fitted : undefined;
}

const documentsOf = (candidate: Candidate) => draftTools(candidate).drafts.map(({ document }) => document);

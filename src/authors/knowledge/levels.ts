/** How complex a candidate's tools become: drawn per candidate, within what profile, tool limit and prompt allow. */
import type { Random } from "../../core/random.ts";
import type { Candidate, ScalingLevels } from "../../core/synthesis/candidate.ts";
import { draftTools } from "../../core/synthesis/construct.ts";
import type { Limits } from "./scenarios.ts";

/** Tools that an `ftrl` environment comes to, where those it needs leave room for two distractors. */
const ftrlTools = [5, 6, 6, 7, 7, 8, 9, 10] as const;

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
 * Characters of documents and question that a `compact` prompt may have: 400 tokens of SmolLM2's tokenizer at its 3.8
 * characters a token, which leaves a chat template 100 of the profile's 500.
 */
const compactCharacters = 1_500;

/** Takes complexity away from a `compact` candidate, the least telling first, until its prompt is short enough. */
export function fitCompact(candidate: Candidate): Candidate {
  if (candidate.profile !== "compact") return candidate;
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
    if (promptCharacters(fitted) <= compactCharacters) break;
  }
  return fitted;
}

function promptCharacters(candidate: Candidate): number {
  const documents = draftTools(candidate).drafts.map(({ document }) => ({
    type: "function",
    function: document,
  }));
  return candidate.question.length + JSON.stringify(documents).length;
}

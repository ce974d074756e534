/**
 * Whether an experiment's policy sees enough for a prompt and its response, refused before anything starts where it does
 * not. How long prompts are their author tells: a few of those that the build would ask for are drafted and counted.
 */
import { type Profile, type ScenarioType, scenarioTypes } from "../core/environment/environment.ts";
import { promptMessages } from "../core/environment/prompt.ts";
import { RatchetError } from "../core/errors.ts";
import type { BuildSpecification } from "../core/experiment/build.ts";
import type { ExperimentInput, Stage } from "../core/experiment/input.ts";
import type { ChatCodec } from "../core/ports/policy.ts";
import { requestOf } from "../core/synthesis/proposal-request.ts";
import type { KnownPolicy } from "./local-policy.ts";

/**
 * What is not looked at closer, because prompts fit however they are tokenized: no byte-level tokenizer makes more tokens
 * than bytes. A compact prompt has at most 1,500 characters of question and documents, FTRL's shape 6,500 to some 15,500.
 */
const ampleTokens: Readonly<Record<Profile, number>> = { compact: 2_500, ftrl: 16_384 };
/** Prompts of each scenario type that are counted: the set will hold such ones, and all of them have to fit. */
const counted = 8;
/** More than tokenizers put into a token of tool documents (SmolLM2's: at most 4.0), where the policy's is not here yet. */
const charactersPerToken = 5;

interface Lengths {
  readonly scenario: ScenarioType;
  /** Tokens, of the counted prompts. */
  readonly least: number;
  readonly most: number;
  /** A set cannot do with prompts that are all shorter than this. */
  readonly needed: number;
}

/** Throws InvalidInput where a response may be so long that the set's prompts do not fit beside it. */
export async function requireContext({ input, contextTokens, codec }: KnownPolicy): Promise<void> {
  if (contextTokens === undefined) return;
  const lengths = new Map<string, Lengths>();
  for (const [id, stage] of Object.entries(input.stages)) {
    const sampled = sampledBy(stage);
    if (sampled === undefined) continue;
    const { environments, maxResponseTokens, field } = sampled;
    const build = input.stages[environments];
    const room = contextTokens - maxResponseTokens;
    if (build?.type !== "build" || room >= ampleTokens[build.environments.profile]) continue;
    const known = lengths.get(environments) ?? (await longestOf(build.environments, input, await codec()));
    lengths.set(environments, known);
    if (known.needed <= room) continue;
    throw refusal(input, contextTokens, { ...sampled, field: `stages.${id}.${field}`, ...known });
  }
}

function sampledBy(stage: Stage) {
  switch (stage.type) {
    case "train": {
      const { training, environments } = stage;
      if (training.algorithm === "sft") return undefined;
      const { maxResponseTokens } = training.sampling;
      return { environments, maxResponseTokens, field: "training.sampling.maxResponseTokens" };
    }
    case "evaluate": {
      const { maxResponseTokens } = stage.evaluation.sampling;
      const { environments } = stage;
      return { environments, maxResponseTokens, field: "evaluation.sampling.maxResponseTokens" };
    }
    case "build":
    case "select":
    case "report":
      return undefined;
  }
}

/** Of the scenario types that the set must hold, the one whose prompts are the longest. */
async function longestOf(
  build: BuildSpecification,
  { seed }: ExperimentInput,
  codec: ChatCodec | undefined,
): Promise<Lengths> {
  const [{ createKnowledgeAuthor }, { draftTools }, { promptCharacters }] = await Promise.all([
    import("../authors/knowledge/author.ts"),
    import("../core/synthesis/construct.ts"),
    import("../core/synthesis/profile.ts"),
  ]);
  const author = createKnowledgeAuthor();
  const { profile } = build;
  const known: Lengths[] = [];
  for (const scenario of scenarioTypes.filter((type) => build.scenarios[type] > 0)) {
    const request = { ...requestOf(build), scenarios: { [scenario]: 1 }, seed, from: 0, count: counted };
    const lengths = (await author.propose(request)).map((candidate) => {
      const documents = draftTools(candidate).drafts.map(({ document }) => document);
      const { question } = candidate;
      return codec
        ? codec.encodePrompt(promptMessages({ profile, question }), documents).length
        : Math.ceil(promptCharacters(question, documents) / charactersPerToken);
    });
    known.push({ scenario, ...summaryOf(lengths, build.scenarios[scenario]) });
  }
  return known.reduce((longest, other) => (other.needed > longest.needed ? other : longest));
}

/**
 * Of few environments it may be the short ones that pass the gates; of many, of which nearly all do, half are no accident.
 */
function summaryOf(lengths: readonly number[], wanted: number): Omit<Lengths, "scenario"> {
  const sorted = lengths.toSorted((a, b) => a - b);
  const [least, most] = [sorted[0]!, sorted.at(-1)!];
  return { least, most, needed: wanted < counted ? least : sorted[counted / 2]! };
}

interface Refused extends Lengths {
  readonly field: string;
  readonly environments: string;
  readonly maxResponseTokens: number;
}

function refusal(
  { policy }: ExperimentInput,
  contextTokens: number,
  { field, environments, maxResponseTokens, scenario, least, most }: Refused,
): RatchetError {
  const limit = contextTokens - most;
  const room = Math.max(0, contextTokens - maxResponseTokens);
  const nextStep = limit > 0 ? `set it to at most ${limit}` : "choose a policy that sees more";
  return new RatchetError(
    "InvalidInput",
    `field '${field}' = ${maxResponseTokens} leaves ${room} of the ${contextTokens} tokens that policy "${policy}" sees for a prompt, and ${scenario} prompts of '${environments}' have ${least} to ${most} (${counted} were counted): ${nextStep}, or ask for shorter prompts (fields 'profile' and 'maxTools' of 'stages.${environments}.environments')`,
    { field, value: maxResponseTokens, limit },
  );
}

/** One candidate: a plan drawn from the data, the cards of its functionalities and of distractors, and its text. */
import { composeAnswer } from "../../core/environment/composition.ts";
import type {
  Composition,
  ReferenceArgument,
  ScenarioType,
  Split,
} from "../../core/environment/environment.ts";
import { RatchetError } from "../../core/errors.ts";
import { seedOf } from "../../core/hash.ts";
import type { ProposalRequest } from "../../core/ports/author.ts";
import { type Random, seededRandom } from "../../core/random.ts";
import { answerMatches } from "../../core/reward/match.ts";
import type { Candidate, Fact } from "../../core/synthesis/candidate.ts";
import { calculatedComposition, calculationFact } from "./calculations.ts";
import { cardId, type DrawnCards, drawCards } from "./cards.ts";
import { drawLevels, fitToProfile } from "./levels.ts";
import { phrase, subQuestionText } from "./phrase.ts";
import { type Plan, poolOf, type World } from "./plan.ts";
import { draws, type Limits } from "./scenarios.ts";
import { isSoundPlan } from "./sound-plan.ts";
import type { KnownSubject } from "./subjects.ts";

/** A draw fails where a path leaves its split or an answer is given away; in the smallest splits most do. */
const mostDraws = 5_000;
const paraphraseCount = 3;

export interface Draft {
  readonly request: ProposalRequest;
  readonly limits: Limits;
  readonly world: World;
  readonly lineage: { readonly author: string; readonly authorVersion: string };
  /** "name@version" of the packages of a subject. */
  readonly sourcesOf: (subject: KnownSubject) => readonly string[];
}

export function proposeOne(draft: Draft, scenario: ScenarioType, index: number): Candidate {
  const { request, limits, world } = draft;
  const seed = seedOf(request.seed, "candidate", request.split, request.profile, scenario, index);
  const random = seededRandom(seed);
  for (let attempt = 0; attempt < mostDraws; attempt++) {
    const plan = draws[scenario](world, random, limits);
    if (!plan || !isSoundPlan(plan, limits)) continue;
    const candidate = candidateOf(draft, plan, scenario, index, seed, random);
    const fitted = candidate && fitToProfile(candidate, limits, request.levels);
    if (fitted) return fitted;
  }
  throw new RatchetError(
    "InvalidInput",
    `proposing a ${scenario} question (${request.split}, ${request.profile}): none found with maxTools = ${limits.maxTools} and maxSubQuestions = ${limits.maxSubQuestions} in ${mostDraws} draws; raise these limits or ask for fewer scenario types`,
    { scenario, split: request.split, ...limits },
  );
}

function candidateOf(
  { request, limits, world, lineage, sourcesOf }: Draft,
  plan: Plan,
  scenario: ScenarioType,
  index: number,
  seed: number,
  random: Random,
): Candidate | undefined {
  const wording = poolOf(world, "wording");
  const { facts, composition } = factsOf(plan, wording, random);
  const answer = composeAnswer(composition, Object.fromEntries(facts.map((fact) => [fact.id, fact.answer])))!;
  const wordings = Array.from({ length: paraphraseCount + 1 }, () => phrase(plan, wording, random));
  const [question, ...paraphrases] = [...new Set(wordings)].filter((text) =>
    givesNothingAway(text, plan, answer, facts),
  );
  if (!question) return undefined;
  const drawn = drawCards(plan, world, limits.profile, random);
  if (documentsLeak(drawn, plan, facts)) return undefined;
  const subjects = [...new Set(plan.chains.flat().map(({ subject }) => subject))];
  return {
    index,
    seed,
    split: request.split,
    profile: request.profile,
    ...(request.runtime === undefined ? {} : { runtime: request.runtime }),
    scenario,
    entity: plan.chains[0]![0].entity.cluster,
    question,
    paraphrases,
    facts,
    composition,
    cards: drawn.cards,
    distractors: drawn.distractors,
    subjects: drawn.subjects,
    levels: drawLevels(limits, drawn.goldCount, random, request.levels),
    nearness: drawn.nearness,
    lineage: { ...lineage, seed: request.seed, sources: [...new Set(subjects.flatMap(sourcesOf))].sort() },
  };
}

/** The facts in order, the chains' one after the other, and a calculator's at the end. */
function factsOf(plan: Plan, split: Split, random: Random): { facts: Fact[]; composition: Composition } {
  const facts: Fact[] = [];
  const leaves = plan.chains.map((chain) => {
    let operand: ReferenceArgument = { value: chain[0].entity.name };
    for (const step of chain) {
      const id = `q${facts.length + 1}`;
      facts.push({
        id,
        card: cardId(step.subject.id, step.relation.field),
        question: subQuestionText(step, split, random),
        operands: [operand],
        answer: step.answer,
      });
      operand = { from: id };
    }
    return facts.at(-1)!.id;
  });
  const labels = plan.chains.map(([{ entity }]) => entity.name);
  switch (plan.goal) {
    case "answers":
      return {
        facts,
        composition: leaves.length === 1 ? { kind: "answer", of: leaves[0]! } : { kind: "list", of: leaves },
      };
    case "argmax":
    case "argmin":
      return { facts, composition: { kind: plan.goal, of: leaves, labels } };
    default: {
      if (plan.calculates) facts.push(calculationFact(plan, plan.goal, leaves, `q${facts.length + 1}`));
      return { facts, composition: calculatedComposition(plan, plan.goal, leaves) };
    }
  }
}

/** A comparison's answer is among its options; nothing else that is to be found may stand in the question. */
function givesNothingAway(question: string, { goal }: Plan, answer: string, facts: readonly Fact[]): boolean {
  const compares = goal === "argmax" || goal === "argmin";
  return (
    (compares || !answerMatches(answer, question)) &&
    facts.every((fact) => !answerMatches(fact.answer, question))
  );
}

function documentsLeak(
  { cards, subjects }: DrawnCards,
  { goal, chains }: Plan,
  facts: readonly Fact[],
): boolean {
  const text = JSON.stringify([cards, Object.values(subjects)]);
  const labels = goal.startsWith("arg") ? chains.map(([{ entity }]) => entity.name) : [];
  return [...facts.map(({ answer }) => answer), ...labels].some((secret) => answerMatches(secret, text));
}

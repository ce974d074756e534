/** The functionalities a candidate may need: those of its plan, and others that can stand beside them. */
import type { Profile } from "../../core/environment/environment.ts";
import type { Random } from "../../core/random.ts";
import {
  type CalculatorCard,
  type Candidate,
  type Card,
  type LookupCard,
  type Nearness,
  nearnesses,
  type SubjectCard,
} from "../../core/synthesis/candidate.ts";
import type { Relation } from "./knowledge.ts";
import { type Plan, poolOf, type World } from "./plan.ts";
import type { KnownSubject } from "./subjects.ts";
import { drawToolName } from "./tool-names.ts";

export interface DrawnCards {
  readonly cards: readonly Card[];
  /** How many of the cards, the first ones, the plan needs. */
  readonly goldCount: number;
  readonly distractors: readonly string[];
  readonly nearness: Candidate["nearness"];
  readonly subjects: Readonly<Record<string, SubjectCard>>;
}

const resultTypes: Readonly<Record<CalculatorCard["operation"], Card["answerType"]>> = {
  sum: "number",
  difference: "number",
  product: "number",
  mean: "number",
  count_above: "string",
  days_between: "number",
  date_after: "date",
};

const mostNames = 100;

/** Enough for the largest toolset after some were found to answer a sub-question and were dropped. */
const distractorCount = 20;

const calculators: readonly {
  readonly operation: CalculatorCard["operation"];
  readonly nouns: readonly string[];
  readonly description: string;
}[] = [
  { operation: "sum", nouns: ["sum", "total", "addition"], description: "Sum of numbers, to 6 decimals." },
  {
    operation: "difference",
    nouns: ["difference", "subtraction"],
    description: "Absolute difference of numbers, to 6 decimals.",
  },
  {
    operation: "product",
    nouns: ["product", "multiplication"],
    description: "Product of numbers, to 6 decimals.",
  },
  {
    operation: "mean",
    nouns: ["mean", "average"],
    description: "Arithmetic mean of numbers, to 6 decimals.",
  },
  {
    operation: "count_above",
    nouns: ["count_above", "exceedances"],
    description: "How many numbers are above a threshold, as 'k of n'.",
  },
  {
    operation: "days_between",
    nouns: ["days_between", "date_difference"],
    description: "Number of days between two dates.",
  },
  {
    operation: "date_after",
    nouns: ["date_after", "shifted_date"],
    description: "Date a number of days after another.",
  },
];

/** Equal ids are the same functionality. */
export const cardId = (subject: string, field: string) => `${subject}.${field}`;

export function drawCards(plan: Plan, world: World, profile: Profile, random: Random): DrawnCards {
  const steps = plan.chains.flat();
  const gold = [...new Map(steps.map(({ subject, relation }) => [relation, { subject, relation }])).values()];
  const near = distractorRelations(gold, world, random);
  const used = new Set<string>();
  const name = (nouns: readonly string[]) => unusedName(nouns, world, random, used);
  const lookups = (choices: readonly Choice[]) =>
    choices.map(({ subject, relation, nouns }) =>
      lookupCard(subject, relation, profile, name(nouns ?? relation.nouns)),
    );
  const goldCalculators = calculators.filter(({ operation }) => plan.calculates && operation === plan.goal);
  const otherCalculators =
    goldCalculators.length > 0
      ? random.shuffle(calculators.filter((other) => !goldCalculators.includes(other)))
      : [];
  const needed = [
    ...lookups(gold),
    ...goldCalculators.map((one) => calculatorCard(one, profile, name(one.nouns))),
  ];
  const others = [
    ...otherCalculators.slice(0, 1).map((one) => calculatorCard(one, profile, name(one.nouns))),
    ...lookups(near),
  ];
  const nearness = Object.fromEntries([
    ...others.map(({ id }) => [id, "document"] as const),
    ...near.map(
      ({ subject, relation, nearness: kind }) => [cardId(subject.id, relation.field), kind] as const,
    ),
  ]);
  const subjects = [...new Set([...gold, ...near].map(({ subject }) => subject))];
  return {
    cards: [...needed, ...others],
    goldCount: needed.length,
    distractors: others.map(({ id }) => id),
    nearness,
    subjects: Object.fromEntries(
      subjects.map((subject) => [subject.id, subjectCard(subject, profile, name(subject.nouns), random)]),
    ),
  };
}

interface Choice {
  readonly subject: KnownSubject;
  readonly relation: Relation;
  /** What its name is made of, where not all of the relation's nouns will do. */
  readonly nouns?: readonly string[];
}
type Distractor = Choice & { readonly nearness: Nearness };

/** Near and far in turn: like names, like documents (other facts of the same subjects), the same domain, any. */
function distractorRelations(gold: readonly Choice[], world: World, random: Random): Distractor[] {
  const relations = new Set(gold.map(({ relation }) => relation));
  const subjects = new Set(gold.map(({ subject }) => subject));
  const domains = new Set(gold.map(({ subject }) => subject.domain));
  const words = new Set([...relations].flatMap((relation) => [...wordsOf(relation).keys()]));
  const kinds: Readonly<Record<Nearness, Distractor[]>> = { name: [], document: [], domain: [], far: [] };
  for (const subject of world.subjects)
    for (const relation of subject.relations) {
      if (relations.has(relation)) continue;
      const shared = subjects.has(subject) ? [] : [...wordsOf(relation)].filter(([word]) => words.has(word));
      if (shared.length > 0) kinds.name.push({ subject, relation, nouns: shared[0]![1], nearness: "name" });
      else {
        const nearness = subjects.has(subject) ? "document" : domains.has(subject.domain) ? "domain" : "far";
        kinds[nearness].push({ subject, relation, nearness });
      }
    }
  const shuffled = nearnesses.map((kind) => random.shuffle(kinds[kind]));
  const mixed = Array.from({ length: distractorCount }, (_, i) => shuffled.map((kind) => kind[i])).flat();
  return mixed.filter((choice) => choice !== undefined).slice(0, distractorCount);
}

const knownWords = new WeakMap<readonly string[], ReadonlyMap<string, string[]>>();

/** Words that say what a relation's tools are about, each with the nouns it is part of. */
function wordsOf({ nouns }: Relation): ReadonlyMap<string, string[]> {
  let words = knownWords.get(nouns);
  if (!words) {
    const found = nouns.flatMap((noun) => noun.split("_")).filter((word) => word.length > 3);
    words = new Map(found.map((word) => [word, nouns.filter((noun) => noun.split("_").includes(word))]));
    knownWords.set(nouns, words);
  }
  return words;
}

function lookupCard(
  subject: KnownSubject,
  relation: Relation,
  profile: Profile,
  toolName: string,
): LookupCard {
  return {
    kind: "lookup",
    id: cardId(subject.id, relation.field),
    subject: subject.id,
    field: relation.field,
    toolName,
    description: described(relation.description, profile),
    answerType: relation.answerType,
    ...(relation.unit === undefined ? {} : { unit: relation.unit }),
  };
}

const calculatorCard = (
  { operation, description }: (typeof calculators)[number],
  profile: Profile,
  toolName: string,
): CalculatorCard => ({
  kind: "calculate",
  id: cardId("calculator", operation),
  operation,
  toolName,
  description:
    profile === "compact"
      ? description
      : `${description} Wrong or unknown arguments are reported with the reason.`,
  answerType: resultTypes[operation],
});

const subjectCard = (
  subject: KnownSubject,
  profile: Profile,
  toolName: string,
  random: Random,
): SubjectCard => ({
  parameter: random.pick(subject.parameters),
  ...(profile === "ftrl" ? { parameterDescription: subject.parameterDescription } : {}),
  toolName,
  description: described(subject.description, profile),
  fields: random.shuffle(subject.relations.map(({ field }) => field)),
  source: subject.sources.join(", "),
});

/** `ftrl` documents say at length what `compact` ones leave to the schema. */
const described = (sentence: string, profile: Profile) =>
  profile === "compact"
    ? sentence
    : `${sentence} Names are compared without regard to case, accents or surplus spaces; wrong or unknown arguments are reported with the reason.`;

function unusedName(nouns: readonly string[], world: World, random: Random, used: Set<string>): string {
  const pool = poolOf(world, "tool-name");
  for (let attempt = 0; ; attempt++) {
    const drawn = drawToolName(nouns, pool, random);
    // Two subjects may share all their nouns; no toolset is so large that a number does not settle it.
    const name = attempt < mostNames ? drawn : `${drawn}_${attempt - mostNames + 2}`;
    if (used.has(name)) continue;
    used.add(name);
    return name;
  }
}

/** The functionalities a candidate may need: those of its plan, and others that can stand beside them. */
import type { Profile } from "../../core/environment/environment.ts";
import type { Random } from "../../core/random.ts";
import type { CalculatorCard, Card, LookupCard, SubjectCard } from "../../core/synthesis/candidate.ts";
import type { Relation } from "./knowledge.ts";
import type { Plan, World } from "./plan.ts";
import type { KnownSubject } from "./subjects.ts";
import { toolName } from "./tool-names.ts";

export interface DrawnCards {
  readonly cards: readonly Card[];
  /** How many of the cards, the first ones, the plan needs. */
  readonly goldCount: number;
  readonly distractors: readonly string[];
  readonly subjects: Readonly<Record<string, SubjectCard>>;
}

/** Enough for the largest toolset after some were found to answer a sub-question and were dropped. */
const distractorCount = 20;

const calculators: readonly {
  readonly operation: CalculatorCard["operation"];
  readonly nouns: readonly string[];
  readonly description: string;
}[] = [
  { operation: "sum", nouns: ["sum", "total", "addition"], description: "Sum of numbers." },
  {
    operation: "difference",
    nouns: ["difference", "subtraction"],
    description: "Absolute difference of numbers.",
  },
  { operation: "product", nouns: ["product", "multiplication"], description: "Product of numbers." },
  { operation: "mean", nouns: ["mean", "average"], description: "Arithmetic mean of numbers." },
];

export function drawCards(plan: Plan, world: World, profile: Profile, random: Random): DrawnCards {
  const steps = plan.chains.flat();
  const gold = [...new Map(steps.map(({ subject, relation }) => [relation, { subject, relation }])).values()];
  const near = distractorRelations(gold, world, random);
  const used = new Set<string>();
  const name = (nouns: readonly string[]) => unusedName(nouns, world, random, used);
  const lookups = (relations: readonly Choice[]) =>
    relations.map(({ subject, relation }) => lookupCard(subject, relation, profile, name(relation.nouns)));
  const goldCalculators = calculators.filter(({ operation }) => operation === plan.goal);
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
  const subjects = [...new Set([...gold, ...near].map(({ subject }) => subject))];
  return {
    cards: [...needed, ...others],
    goldCount: needed.length,
    distractors: others.map(({ id }) => id),
    subjects: Object.fromEntries(
      subjects.map((subject) => [subject.id, subjectCard(subject, profile, name(subject.nouns), random)]),
    ),
  };
}

interface Choice {
  readonly subject: KnownSubject;
  readonly relation: Relation;
}

/** From near to far, with some of each: other facts of the same subjects, of the same domains, of any. */
function distractorRelations(gold: readonly Choice[], world: World, random: Random): Choice[] {
  const subjects = new Set(gold.map(({ subject }) => subject));
  const domains = new Set(gold.map(({ subject }) => subject.domain));
  const others = world.subjects
    .flatMap((subject) => subject.relations.map((relation): Choice => ({ subject, relation })))
    .filter(({ relation }) => !gold.some((choice) => choice.relation === relation));
  const same = random.shuffle(others.filter(({ subject }) => subjects.has(subject)));
  const domain = random.shuffle(
    others.filter(({ subject }) => !subjects.has(subject) && domains.has(subject.domain)),
  );
  const far = random.shuffle(others.filter(({ subject }) => !domains.has(subject.domain)));
  const mixed = Array.from({ length: distractorCount }, (_, i) => [same[i], domain[i], far[i]]).flat();
  return mixed.filter((choice) => choice !== undefined).slice(0, distractorCount);
}

function lookupCard(
  subject: KnownSubject,
  relation: Relation,
  profile: Profile,
  toolName: string,
): LookupCard {
  return {
    kind: "lookup",
    id: `${subject.id}.${relation.field}`,
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
  id: `number.${operation}`,
  operation,
  toolName,
  description: described(description, profile),
  answerType: "number",
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
  source: subject.sources[0],
});

/** `ftrl` documents say at length what `compact` ones leave to the schema. */
const described = (sentence: string, profile: Profile) =>
  profile === "compact"
    ? sentence
    : `${sentence} Names are compared without regard to case, accents or surplus spaces; wrong or unknown arguments are reported with the reason.`;

function unusedName(nouns: readonly string[], { split }: World, random: Random, used: Set<string>): string {
  for (;;) {
    const name = toolName(nouns, split, random);
    if (used.has(name)) continue;
    used.add(name);
    return name;
  }
}

/** Defects that only show beside other environments: what was asked before, and what a benchmark asks. */
import type { Environment } from "../environment/environment.ts";
import { createContaminationFinder } from "../gates/contamination.ts";
import type { Case } from "../gates/gate.ts";
import { createDuplicateFinder, traitsOf } from "../gates/near-duplicates.ts";
import type { SetGate } from "../gates/set-gates.ts";
import type { Random } from "../random.ts";
import { openings } from "./defect.ts";

export interface SetDefect {
  readonly kind: string;
  readonly gate: SetGate;
  /** Another environment that should not stand beside this one, or undefined where there is none. */
  readonly plant: (environment: Environment, random: Random) => Environment | undefined;
}

const renamed = (environment: Environment, suffix: string): Environment => ({
  ...environment,
  tools: environment.tools.map((tool) => ({
    ...tool,
    document: { ...tool.document, name: tool.document.name + suffix },
  })),
  subQuestions: environment.subQuestions.map((sub) => ({ ...sub, tool: sub.tool + suffix })),
  referenceCalls: environment.referenceCalls.map((call) => ({ ...call, tool: call.tool + suffix })),
});

export const setDefects: readonly SetDefect[] = [
  {
    kind: "asked before in other words, with other tools",
    gate: "near-duplicates",
    plant: (environment, random) => {
      const question = random.pick(openings) + environment.question;
      return renamed({ ...environment, question }, "_again");
    },
  },
  {
    kind: "asked before in its very words, labels another answer",
    gate: "near-duplicates",
    plant: (environment) => ({
      ...environment,
      subQuestions: environment.subQuestions.map((sub) => ({ ...sub, answer: `${sub.answer} II` })),
    }),
  },
  {
    kind: "a benchmark's question among other words",
    gate: "contamination",
    plant: (environment, random) => ({
      ...environment,
      question: `${random.pick(openings)}${environment.question.toUpperCase()} Thank you.`,
      answer: `${environment.answer} II`,
      subQuestions: environment.subQuestions.map((sub) => ({ ...sub, answer: `${sub.answer} II` })),
    }),
  },
  {
    kind: "a benchmark's steps in words of its own",
    gate: "contamination",
    plant: (environment) =>
      new Set(environment.subQuestions.map(({ answer }) => answer)).size > 1
        ? { ...environment, question: "Work out for me what I would like to know." }
        : undefined,
  },
];

/** Which of the planted are found beside the environments they were made from. */
export function foundBeside(
  originals: readonly Environment[],
  { gate }: SetDefect,
  planted: readonly Environment[],
): boolean[] {
  // A benchmark is as imports leave it.
  const imported = originals.map((environment) => ({ ...environment, referenceCalls: [] }));
  const { nearDuplicate } = lookBeside(originals);
  const { contamination } = lookBeside(imported);
  const find = gate === "contamination" ? contamination : nearDuplicate;
  return planted.map((environment) => find(environment) !== undefined);
}

/**
 * What these gates say of rewritten environments beside other originals than their own: each half of them beside the
 * half of the others, with their reference calls, as stored sets keep them.
 */
export function besideOthers(
  originals: readonly Environment[],
  rewritten: readonly { readonly origin: number; readonly result: Case }[],
): ({ readonly gate: SetGate; readonly evidence: string } | undefined)[] {
  const halves = [1, 0].map((rest) => lookBeside(originals.filter((_, i) => i % 2 === rest)));
  return rewritten.map(({ origin, result: { environment } }) => {
    const { nearDuplicate, contamination } = halves[origin % 2]!;
    const repeats = nearDuplicate(environment);
    if (repeats !== undefined) return { gate: "near-duplicates", evidence: repeats };
    const contains = contamination(environment);
    return contains === undefined ? undefined : { gate: "contamination", evidence: contains };
  });
}

function lookBeside(environments: readonly Environment[]) {
  const duplicates = createDuplicateFinder();
  for (const environment of environments) duplicates.add(traitsOf(environment));
  const benchmark = createContaminationFinder([{ name: "benchmark", environments }]);
  return {
    nearDuplicate: (environment: Environment) => duplicates.find(traitsOf(environment))?.reason,
    contamination: (environment: Environment) => benchmark.find(environment),
  };
}

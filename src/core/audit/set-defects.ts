/** Defects that only show beside other environments: what was asked before, and what a benchmark asks. */
import type { Environment } from "../environment/environment.ts";
import { createContaminationFinder } from "../gates/contamination.ts";
import { createDuplicateFinder, traitsOf } from "../gates/near-duplicates.ts";
import type { Random } from "../random.ts";

export interface SetDefect {
  readonly kind: string;
  readonly gate: "near-duplicates" | "contamination";
  /** Another environment that should not stand beside this one, or undefined where there is none. */
  readonly plant: (environment: Environment, random: Random) => Environment | undefined;
}

const openings = ["Please find out: ", "Here is what I need. ", "Using the tools, tell me: "];

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
      subQuestions: [],
      referenceCalls: [],
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

/**
 * Which of the planted are found beside the environments they were made from. A benchmark is as imports leave it, without
 * reference calls.
 */
export function foundBeside(
  originals: readonly Environment[],
  { gate }: SetDefect,
  planted: readonly Environment[],
): boolean[] {
  if (gate === "contamination") {
    const imported = originals.map((environment) => ({ ...environment, referenceCalls: [] }));
    const finder = createContaminationFinder([{ name: "benchmark", environments: imported }]);
    return planted.map((environment) => finder.find(environment) !== undefined);
  }
  const finder = createDuplicateFinder();
  for (const environment of originals) finder.add(traitsOf(environment));
  return planted.map((environment) => finder.find(traitsOf(environment)) !== undefined);
}

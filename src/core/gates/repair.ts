/** One chance for a candidate that failed a gate: another wording, another toolset or plainer tools, by what failed. */
import type { Candidate } from "../synthesis/candidate.ts";
import type { Deployed } from "../synthesis/deploy/deploy.ts";
import type { Judged } from "./run-gates.ts";

type Failure = NonNullable<Judged["failure"]>;

/** The candidate to build again, or undefined where nothing that can be changed is to blame. */
export function repairOf(
  { candidate, cards, environment }: Deployed,
  { gate, finding }: Failure,
): Candidate | undefined {
  if (gate === "question-leak") return reworded(candidate);
  const blamed = new Set(finding.tools ?? []);
  const proven = environment.tools.filter(
    ({ distractor, document }) => distractor && !blamed.has(document.name),
  );
  const distractors = proven.flatMap(({ document }) => cards[document.name]!);
  // Nothing takes a dropped distractor's place: it would be as untried as the one that failed.
  const without = { ...candidate, distractors, levels: { ...candidate.levels, distractors: proven.length } };
  const dropped = proven.length < candidate.levels.distractors;
  const isOwner = environment.tools.some(
    ({ distractor, document }) => !distractor && blamed.has(document.name),
  );
  if (gate === "distractors" && !isOwner) return dropped ? without : undefined;
  return plainer(without, dropped);
}

function reworded(candidate: Candidate): Candidate | undefined {
  const [question, ...paraphrases] = candidate.paraphrases;
  return question === undefined ? undefined : { ...candidate, question, paraphrases };
}

/** Tools without the parameters and fields that complexity scaling added. */
function plainer(candidate: Candidate, changed: boolean): Candidate | undefined {
  const { levels } = candidate;
  const isPlain = levels.generalization === 0 && levels.parameters === 0 && levels.parameterTypes === 0;
  if (isPlain) return changed ? candidate : undefined;
  return { ...candidate, levels: { ...levels, generalization: 0, parameters: 0, parameterTypes: 0 } };
}

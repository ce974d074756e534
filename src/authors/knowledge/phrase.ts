/** Text comes last: a plan's question in words. Frames, like the relations' wordings, are disjoint between splits. */
import type { Split } from "../../core/environment/environment.ts";
import type { Random } from "../../core/random.ts";
import { type Relation, type Wordings, wordings } from "./knowledge.ts";
import { type Chain, lastOf, type Plan, type Step } from "./plan.ts";

const one = wordings(
  ["What is {}?", "Tell me {}.", "Find {}.", "Look up {}.", "I would like to know {}.", "Please give me {}."],
  ["Can you tell me {}?", "Determine {}."],
  ["Could you find out {}?", "Report {}."],
);
const several = wordings(
  ["What are {}?", "Tell me {}.", "Find {}.", "Look up {}, in this order.", "Please give me {}."],
  ["Can you tell me {}?", "Determine {}."],
  ["Could you find out {}?", "Report {}."],
);
/** {} is the options, * the superlative. */
const extremes = wordings(
  ["Which of {} has *?", "Compare {}: which one has *?"],
  ["Among {}, which has *?"],
  ["Of {}, which one has *?"],
);
/** {} is the options, * the value about "it", ^ "greatest" or "smallest". */
const extremesOverChains = wordings(
  ["For which of {} is * the ^?", "Compare {}: for which one is * the ^?"],
  ["Among {}, for which is * the ^?"],
  ["Of {}, for which one is * the ^?"],
);
const sums = wordings(
  ["What is the sum of {}?", "Add up {}.", "How much do {} come to together?"],
  ["What do you get when you add {}?"],
  ["Calculate the total of {}."],
);
/** {} is the greater value, * the smaller one. */
const differences = wordings(
  ["By how much does {} exceed *?", "What is the difference between {} and *?"],
  ["How much greater is {} than *?"],
  ["Calculate {} minus *."],
);

const means = wordings(
  ["What is the average of {}?", "What is the mean of {}?"],
  ["What do {} come to on average?"],
  ["Calculate the arithmetic mean of {}."],
);
/** {} is the options, * the value about "it", ^ the threshold, and # how many options there are. */
const counts = wordings(
  [
    'For how many of {} is * above ^? Answer in the form "k of #".',
    'Of {}, for how many is * above ^? Answer as "k of #".',
  ],
  ['Count those of {} for which * is more than ^, and answer "k of #".'],
  ['Among {}, for how many does * exceed ^? Say it as "k of #".'],
);
/** {} and * are two dates. */
const daysBetween = wordings(
  ["How many days lie between {} and *?", "How many days are there between {} and *?"],
  ["What is the number of days between {} and *?"],
  ["Count the days from one to the other: {}, and *."],
);
/** {} is a date, ^ a number of days. */
const daysAfter = wordings(
  ["Which date is ^ days after {}?", "What is the date ^ days after {}?"],
  ["What date comes ^ days after {}?"],
  ["Add ^ days to {}: which date is that?"],
);

export function phrase({ chains, goal, constant }: Plan, split: Split, random: Random): string {
  const frame = (of: Wordings) => random.pick(of[split]);
  const [first, second] = chains as [Chain, Chain];
  const values = () => inWords(chains.map((chain) => nounPhrase(chain, split, random)));
  switch (goal) {
    case "answers":
      if (chains.length > 1) return fill(frame(several), values());
      return wholeQuestion(first, split, random) ?? fill(frame(one), nounPhrase(first, split, random));
    case "sum":
      return fill(frame(sums), values());
    case "mean":
      return fill(frame(means), values());
    case "days_between":
      return fill(frame(daysBetween), nounPhrase(first, split, random), nounPhrase(second, split, random));
    case "date_after":
      return fill(frame(daysAfter), nounPhrase(first, split, random), "", String(constant));
    case "count_above": {
      const value = possessive(nounPhrase(first, split, random, "it"));
      const counting = frame(counts).replace("#", String(chains.length));
      return fill(counting, optionsOf(chains), value, String(constant));
    }
    case "difference":
      return fill(frame(differences), nounPhrase(first, split, random), nounPhrase(second, split, random));
    case "argmax":
    case "argmin": {
      const options = optionsOf(chains);
      const greatest = goal === "argmax";
      if (first.length === 1)
        return fill(frame(extremes), options, first[0].relation.superlatives![greatest ? 0 : 1]);
      const value = possessive(nounPhrase(first, split, random, "it"));
      return fill(frame(extremesOverChains), options, value, greatest ? "greatest" : "smallest");
    }
  }
}

const optionsOf = (chains: readonly Chain[]) =>
  inWords(chains.map(([{ subject, entity }]) => subject.refer(entity.name)));

/** One fact by itself: "What is the capital of France?" */
export const subQuestionText = ({ subject, relation, entity }: Step, split: Split, random: Random) =>
  fill("What is {}?", fill(random.pick(relation.phrases[split]), subject.refer(entity.name)));

/** A question of the relation's own, e.g. "How many people live in {}?", for a part of the draws. */
function wholeQuestion(chain: Chain, split: Split, random: Random): string | undefined {
  const { asks } = lastOf(chain).relation;
  if (!asks || random.next() < 0.5) return undefined;
  const inner = chain.slice(0, -1);
  const start = chain[0].subject.refer(chain[0].entity.name);
  const about = inner.reduce((text, { relation }) => onwardPhrase(relation, text, split, random), start);
  return fill(random.pick(asks[split]), about);
}

/** "the currency of the country where Lyon lies": one phrase in the other, from the inside out. */
function nounPhrase(chain: Chain, split: Split, random: Random, start?: string): string {
  const { subject, entity } = chain[0];
  const about = chain
    .slice(0, -1)
    .reduce(
      (inner, { relation }) => onwardPhrase(relation, inner, split, random),
      start ?? subject.refer(entity.name),
    );
  return fill(random.pick(lastOf(chain).relation.phrases[split]), about);
}

const onwardPhrase = ({ onward, phrases }: Relation, about: string, split: Split, random: Random) =>
  fill(random.pick((onward ?? phrases)[split]), about);

/** "the population of the country of it" is "the population of its country". */
const possessive = (text: string) => text.replace(/the ((?:(?! of | the ).)*) of it$/, "its $1");

/** Fills {}, * and ^ in one pass, so that an entity called "F*" stays as it is. */
const fill = (template: string, text: string, second = "", third = "") =>
  template.replace(/\{\}|\*|\^/g, (place) => (place === "{}" ? text : place === "*" ? second : third));

/** "a, b and c" */
export const inWords = (items: readonly string[]) =>
  items.length === 1 ? items[0]! : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;

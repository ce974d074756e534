/**
 * Tools are necessary: who answers without them is seldom right. Offline, by an upper bound of how often a guess is;
 * whether a given model knows the answer by heart is what a calibration measures.
 */
import { findingOf, type StaticGate } from "./gate.ts";
import { guessRate } from "./guess.ts";

/** A coin toss is refused; one of three options passes. */
export const mostGuessed = 0.45;

export const necessityGate: StaticGate = {
  kind: "static",
  gate: "tool-necessity",
  version: 4,
  judge: (subject) => {
    const { rate, by } = guessRate(subject);
    const text = `a guess is right at most ${Math.round(rate * 100)} % of the time: ${by}`;
    return findingOf(rate > mostGuessed ? [`${text}; the limit is ${mostGuessed * 100} %`] : [], text);
  },
};

/**
 * What a build asks its author for, but for the stretch of candidates: all of a specification that a candidate depends on.
 * What a set is kept clear of is looked at when it is assembled.
 */
import type { BuildSpecification } from "../experiment/build.ts";
import type { ProposalRequest } from "../ports/author.ts";
import type { ScalingLevels } from "./candidate.ts";

export function requestOf(
  build: BuildSpecification,
): Omit<ProposalRequest, "scenarios" | "seed" | "from" | "count"> {
  const { split, profile, runtime, maxTools, maxSubQuestions, domains, heldOut, complexity } = build;
  return {
    split,
    profile,
    ...(runtime === "python" ? { runtime } : {}),
    ...(maxTools === undefined ? {} : { maxTools }),
    ...(maxSubQuestions === undefined ? {} : { maxSubQuestions }),
    ...(domains === undefined ? {} : { domains }),
    ...(heldOut === undefined ? {} : { heldOut }),
    ...(complexity === undefined ? {} : { levels: complexity as Partial<ScalingLevels> }),
  };
}

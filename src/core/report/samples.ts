/**
 * Which trajectories a report shows: for each scenario type the environment that gained most (or lost least) from the first
 * evaluation to the last, then the one that lost most and one that stayed unsolved, so that a reader also sees where it falls short.
 */
import { type Environment, environmentHash, scenarioTypes } from "../environment/environment.ts";
import { type EvaluatedEnvironment, measureEnvironment } from "../evaluation/metrics.ts";
import type { Trajectory } from "../trajectory/trajectory.ts";
import type { SampleReport, SampleSide } from "./data.ts";

interface PlayedEvaluation {
  readonly title: string;
  readonly environments: readonly EvaluatedEnvironment[];
  readonly trajectories: readonly Trajectory[];
}

interface Compared {
  readonly last: EvaluatedEnvironment;
  /** Of Solve-F1. */
  readonly gain: number;
}

export function chooseSamples(
  evaluations: readonly PlayedEvaluation[],
  environments: readonly Environment[],
): SampleReport[] {
  const [first, last] = [evaluations[0], evaluations.at(-1)];
  if (first === undefined || last === undefined) return [];
  const earlier = new Map(first.environments.map((outcome) => [outcome.environment, outcome]));
  const compared = last.environments
    .flatMap((outcome): Compared[] => {
      const before = earlier.get(outcome.environment);
      if (before === undefined) return [];
      return [
        { last: outcome, gain: measureEnvironment(outcome).solveF1 - measureEnvironment(before).solveF1 },
      ];
    })
    // Ties go to the smaller hash, so that the choice depends on content alone.
    .sort((a, b) => b.gain - a.gain || (a.last.environment < b.last.environment ? -1 : 1));
  const byHash = new Map(environments.map((environment) => [environmentHash(environment), environment]));
  return pick(compared).flatMap(({ why, chosen }) => {
    const environment = byHash.get(chosen.environment);
    if (environment === undefined) return [];
    const { scenario, entity, question, answer } = environment;
    const sides = evaluations.flatMap((evaluation) => sideOf(evaluation, chosen.environment));
    return [{ environment: chosen.environment, scenario, entity, question, answer, why, sides }];
  });
}

function pick(compared: readonly Compared[]): { why: string; chosen: EvaluatedEnvironment }[] {
  const best = scenarioTypes.flatMap((scenario) => {
    const found = compared.find(({ last }) => last.scenario === scenario);
    return found === undefined ? [] : [{ why: whyBest(found.gain), chosen: found.last }];
  });
  const taken = new Set(best.map(({ chosen }) => chosen.environment));
  const worst = compared.at(-1);
  const loss =
    worst !== undefined && worst.gain < 0 && !taken.has(worst.last.environment)
      ? [{ why: "largest loss", chosen: worst.last }]
      : [];
  for (const { chosen } of loss) taken.add(chosen.environment);
  const stuck = compared.find(({ last }) => last.solved === 0 && !taken.has(last.environment));
  return [...best, ...loss, ...(stuck === undefined ? [] : [{ why: "still unsolved", chosen: stuck.last }])];
}

function whyBest(gain: number): string {
  if (gain > 0) return "largest gain of its scenario type";
  return gain === 0 ? "of its scenario type, where none gained" : "smallest loss of its scenario type";
}

function sideOf(evaluation: PlayedEvaluation, environment: string): SampleSide[] {
  const outcome = evaluation.environments.find((given) => given.environment === environment);
  const trajectory = evaluation.trajectories.find((given) => given.environment === environment);
  if (outcome === undefined || trajectory === undefined) return [];
  const { calls, solved, subAnswers, isAnswerRight } = outcome;
  return [
    {
      title: evaluation.title,
      outcome: { calls, solved, subAnswers, isAnswerRight },
      solveF1: measureEnvironment(outcome).solveF1,
      turns: trajectory.turns.map(({ text, calls, reward }) => ({ text, calls, reward })),
      state: trajectory.state,
    },
  ];
}

/**
 * The golden trajectory of an environment: what a policy that knows the reference calls would say. Calls of one level
 * of the DAG share a turn, where the policy's tool format has several in one; the last turn states the answer.
 */
import { type Environment, environmentHash } from "../environment/environment.ts";
import { programOf } from "../environment/program.ts";
import { levelsOf, referenceArguments } from "../environment/reference.ts";
import { RatchetError } from "../errors.ts";
import { shortHash } from "../hash.ts";
import type { Json } from "../json.ts";
import type { ToolInvocation } from "../ports/sandbox.ts";
import type { ToolFormat } from "./tool-format.ts";

export interface GoldenTurn {
  /** What the assistant says, a turn's calls or the final sentence. */
  readonly text: string;
  /** The tools' outputs that follow, one per call; empty after the last turn. */
  readonly outputs: readonly string[];
}

/** The reference calls as the sandbox runs them, in the environment's order. */
export function referenceInvocations(
  environment: Environment,
  tables: Readonly<Record<string, Json>>,
): ToolInvocation[] {
  return environment.referenceCalls.map((call) => ({
    program: programOf(environment.tools.find(({ document }) => document.name === call.tool)!, tables),
    arguments: referenceArguments(environment, call),
  }));
}

/** `outputs` are those of `referenceInvocations`, in the same order. */
export function goldenTrajectory(
  environment: Environment,
  outputs: readonly string[],
  format: ToolFormat,
): GoldenTurn[] {
  const { referenceCalls, subQuestions, answer } = environment;
  if (outputs.length !== referenceCalls.length)
    throw new RatchetError(
      "InvalidInput",
      `golden trajectory of environment ${shortHash(environmentHash(environment))}: ${outputs.length} outputs for ${referenceCalls.length} reference calls; run referenceInvocations of the same environment`,
      { outputs: outputs.length, calls: referenceCalls.length },
    );
  if (referenceCalls.length === 0)
    throw new RatchetError(
      "InvalidInput",
      `golden trajectory of environment ${shortHash(environmentHash(environment))}: it was imported without reference calls; evaluate or train on it with grpo, and take the cold start's environments from an author`,
      { environment: environmentHash(environment) },
    );
  const levels = levelsOf(subQuestions);
  const turns: GoldenTurn[] = [];
  for (let level = 0; level <= Math.max(...Object.values(levels)); level++) {
    const members = referenceCalls.flatMap((call, i) => (levels[call.subQuestion] === level ? [i] : []));
    const together = format.callsPerTurn === "several" ? [members] : members.map((i) => [i]);
    for (const calls of together)
      turns.push({
        text: calls
          .map((i) =>
            format.write(referenceCalls[i]!.tool, referenceArguments(environment, referenceCalls[i]!)),
          )
          .join("\n"),
        outputs: calls.map((i) => outputs[i]!),
      });
  }
  return [...turns, { text: `The answer is ${answer}.`, outputs: [] }];
}

/** Golden trajectories as training rows: what a perfect policy would say, token for token, tool outputs masked out. */
import type { Environment, EnvironmentSet } from "../core/environment/environment.ts";
import { promptMessages } from "../core/environment/prompt.ts";
import { RatchetError } from "../core/errors.ts";
import type { ChatCodec, TrainingRow } from "../core/ports/policy.ts";
import type { Sandbox } from "../core/ports/sandbox.ts";
import { type GoldenTurn, goldenTrajectory, referenceInvocations } from "../core/trajectory/golden.ts";

/** The reference calls run in the sandbox, so the outputs a golden trajectory shows are the ones the policy will see. */
export async function goldenRows(
  environments: readonly Environment[],
  tables: EnvironmentSet["tables"],
  codec: ChatCodec,
  sandbox: Sandbox,
): Promise<TrainingRow[]> {
  const invocations = environments.map((environment) => referenceInvocations(environment, tables));
  const outcomes = await sandbox.run(invocations.flat());
  let next = 0;
  return environments.map((environment, i) => {
    const outputs = invocations[i]!.map(({ program }) => {
      const outcome = outcomes[next++]!;
      if (outcome.kind === "returned") return outcome.text;
      throw new RatchetError(
        "SandboxFailure",
        `the reference call of '${program.name}' gave '${outcome.text}' although its environment passed its gates; build the set again`,
        { tool: program.name, question: environment.question },
      );
    });
    return rowOf(environment, goldenTrajectory(environment, outputs, codec.toolFormat), codec);
  });
}

function rowOf(environment: Environment, turns: readonly GoldenTurn[], codec: ChatCodec): TrainingRow {
  const response: number[] = [];
  const mask: (0 | 1)[] = [];
  const append = (ids: readonly number[], bit: 0 | 1) => {
    response.push(...ids);
    mask.push(...ids.map(() => bit));
  };
  for (const { text, outputs } of turns) {
    append(codec.encodeAssistant(text), 1);
    if (outputs.length > 0) append(codec.encodeToolResults(outputs, true), 0);
  }
  const prompt = codec.encodePrompt(
    promptMessages(environment),
    environment.tools.map(({ document }) => document),
  );
  return { prompt, response, mask, advantages: mask.map(() => 1) };
}

/**
 * Scores responses to FTRL rows: equal to FTRL's own reward functions, but with the tools run in the sandbox. As there, and
 * other than in Ratchet's rollouts, an error's text may solve a sub-question.
 */
import type { Sandbox, ToolInvocation, ToolProgram } from "../ports/sandbox.ts";
import type { ParsedCall } from "../trajectory/parse.ts";
import { taggedCalls } from "../trajectory/tool-format.ts";
import { countUnsolved } from "../trajectory/trajectory.ts";
import { badArgumentsFeedback, toolFeedback, unknownToolFeedback } from "./feedback.ts";
import type { FtrlRow } from "./ftrl-row.ts";
import { type RewardKind, turnReward } from "./reward.ts";
import { solveTurn } from "./solve.ts";

/** Calls that share a sandbox child: enough to make its start cheap, few enough to lose little with it. */
const callsPerBatch = 256;

export interface ScoredRow {
  readonly reward: number;
  readonly calls: number;
  readonly solved: number;
}

/** In the order of the rows. Throws SandboxFailure where the machine, not a tool, failed. */
export async function scoreRows(
  rows: readonly FtrlRow[],
  kind: RewardKind,
  sandbox: Sandbox,
): Promise<ScoredRow[]> {
  const parsed = rows.map(({ response }) => taggedCalls.parse(response));
  const outputs = await callTools(rows, parsed, sandbox);
  return rows.map((row, i) => {
    const calls = parsed[i]!.map(({ name }, j) => ({ name, output: outputs[i]![j]! }));
    const { solvedPerCall } = solveTurn(row.unsolved_set, calls);
    const solved = solvedPerCall.filter((answer) => answer !== null).length;
    const reward = turnReward(kind, {
      text: row.response,
      format: taggedCalls,
      calls: calls.length,
      solved,
      unsolvedBefore: countUnsolved(row.unsolved_set),
      answer: row.answer ?? null,
      solveRate: row.solve_rate,
    });
    return { reward, calls: calls.length, solved };
  });
}

/** outputs[i][j]: what the policy sees of call j of row i. */
async function callTools(
  rows: readonly FtrlRow[],
  parsed: readonly (readonly ParsedCall[])[],
  sandbox: Sandbox,
): Promise<string[][]> {
  const outputs: string[][] = rows.map(() => []);
  const runnable: { readonly row: number; readonly call: number; readonly invocation: ToolInvocation }[] = [];
  for (const [i, { codes }] of rows.entries()) {
    const programs = new Map<string, ToolProgram>(
      Object.entries(codes).map(([name, code]) => [name, { name, runtime: "python", code }]),
    );
    for (const [j, { name, arguments: given, argumentsText }] of parsed[i]!.entries()) {
      const program = programs.get(name);
      if (!program) outputs[i]![j] = unknownToolFeedback(name);
      else if (given === null) outputs[i]![j] = badArgumentsFeedback(name, argumentsText);
      else runnable.push({ row: i, call: j, invocation: { program, arguments: given, argumentsText } });
    }
  }
  for (let from = 0; from < runnable.length; from += callsPerBatch) {
    const batch = runnable.slice(from, from + callsPerBatch);
    const outcomes = await sandbox.run(batch.map(({ invocation }) => invocation));
    for (const [k, { row, call, invocation }] of batch.entries())
      outputs[row]![call] = toolFeedback(invocation.program.name, outcomes[k]!);
  }
  return outputs;
}

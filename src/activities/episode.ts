/** What one turn does to a trajectory: the response is recorded as said, its calls run, and their results are appended. */
import type { EnvironmentSet } from "../core/environment/environment.ts";
import { programOf } from "../core/environment/program.ts";
import type { ChatCodec, SampledResponse } from "../core/ports/policy.ts";
import type { Sandbox, ToolInvocation, ToolOutcome } from "../core/ports/sandbox.ts";
import { badArgumentsFeedback, toolFeedback, unknownToolFeedback } from "../core/reward/feedback.ts";
import { type RewardKind, turnReward } from "../core/reward/reward.ts";
import { solveTurn } from "../core/reward/solve.ts";
import type { ParsedCall } from "../core/trajectory/parse.ts";
import type { ToolFormat } from "../core/trajectory/tool-format.ts";
import {
  type CallRecord,
  countSolved,
  countUnsolved,
  type Trajectory,
  type Turn,
} from "../core/trajectory/trajectory.ts";

/** Appends the first response's ids and keeps the others beside it; calls and rewards follow once the tools have run. */
export function recordResponses(
  trajectory: Trajectory,
  [response, ...others]: readonly [SampledResponse, ...SampledResponse[]],
  codec: ChatCodec,
): Trajectory {
  const turn: Turn = {
    unsolved: trajectory.unsolved,
    from: trajectory.tokens.length,
    length: response.tokens.length,
    logprobs: response.logprobs,
    finish: response.finish,
    text: codec.decode(response.tokens),
    calls: [],
    reward: 0,
    siblings: others.map((other) => ({ ...other, reward: 0, calls: 0, solved: 0 })),
  };
  return {
    ...trajectory,
    tokens: [...trajectory.tokens, ...response.tokens],
    turns: [...trajectory.turns, turn],
    state: "awaits_tools",
  };
}

export interface EpisodeLimits {
  readonly reward: RewardKind;
  readonly maxTurns: number;
  readonly maxResponseTokens: number;
}

/** Runs the tool calls of every trajectory that awaits them, and of their siblings, all in one sandbox batch. */
export async function playTools(
  trajectories: readonly Trajectory[],
  set: EnvironmentSet,
  codec: ChatCodec,
  sandbox: Sandbox,
  limits: EpisodeLimits,
): Promise<Trajectory[]> {
  const waiting = trajectories.filter(({ state }) => state === "awaits_tools");
  const judged = await judgeResponses(
    waiting.flatMap(({ member, unsolved, turns }) => {
      const { text, siblings } = turns.at(-1)!;
      const texts = [text, ...siblings.map(({ tokens }) => codec.decode(tokens))];
      return texts.map((said) => ({ member, unsolved, text: said }));
    }),
    set,
    sandbox,
    limits.reward,
    codec.toolFormat,
  );
  let next = 0;
  return trajectories.map((trajectory) => {
    if (trajectory.state !== "awaits_tools") return trajectory;
    const own = judged[next]!;
    const others = judged.slice(next + 1, next + 1 + trajectory.turns.at(-1)!.siblings.length);
    next += 1 + others.length;
    return settle(trajectory, own, others, codec, limits);
  });
}

/**
 * One response in the state it was given: its calls' outcomes, what they solved and the one-turn reward. A call that failed
 * solves nothing, whatever its error says: what a schema allows, or a tool repeats, is no knowledge of the answer.
 */
interface JudgedResponse {
  readonly calls: readonly CallRecord[];
  readonly unsolved: Trajectory["unsolved"];
  readonly reward: number;
}

async function judgeResponses(
  responses: readonly {
    readonly member: number;
    readonly unsolved: Trajectory["unsolved"];
    readonly text: string;
  }[],
  set: EnvironmentSet,
  sandbox: Sandbox,
  reward: RewardKind,
  format: ToolFormat,
): Promise<JudgedResponse[]> {
  const parsed = responses.map(({ text }) => format.parse(text));
  const invocations: ToolInvocation[] = [];
  const slots = parsed.map((calls, i) =>
    calls.map((call) => {
      const tool = set.environments[responses[i]!.member]!.tools.find(
        ({ document }) => document.name === call.name,
      );
      // The name is looked up first, as FTRL does.
      if (!tool) return unknownToolFeedback(call.name);
      if (call.arguments === null) return badArgumentsFeedback(call.name, call.argumentsText);
      invocations.push({
        program: programOf(tool, set.tables),
        arguments: call.arguments,
        // Python tells 1.0 from 1, which a JavaScript number cannot.
        ...(tool.runtime === "python" && { argumentsText: call.argumentsText }),
      });
      return invocations.length - 1;
    }),
  );
  const outcomes = invocations.length > 0 ? await sandbox.run(invocations) : [];
  return responses.map(({ member, unsolved, text }, i) => {
    const results = parsed[i]!.map((call, j) => resultOf(call, slots[i]![j]!, outcomes));
    const solved = solveTurn(
      unsolved,
      parsed[i]!.map((call, j) => ({ name: call.name, output: results[j]!.ok ? results[j]!.output : null })),
    );
    return {
      calls: parsed[i]!.map((call, j) => ({
        tool: call.name,
        arguments: call.arguments,
        outcome: results[j]!.ok ? "returned" : "error",
        output: results[j]!.output,
        solved: solved.solvedPerCall[j]!,
      })),
      unsolved: solved.unsolved,
      reward: turnReward(reward, {
        text,
        format,
        calls: parsed[i]!.length,
        solved: solved.solvedPerCall.filter((answer) => answer !== null).length,
        unsolvedBefore: countUnsolved(unsolved),
        answer: set.environments[member]!.answer,
      }),
    };
  });
}

/** `slot`: the call's outcome among all, or what is said of one that cannot be made. */
function resultOf(call: ParsedCall, slot: number | string, outcomes: readonly ToolOutcome[]) {
  if (typeof slot === "string") return { ok: false, output: slot };
  const outcome = outcomes[slot]!;
  return { ok: outcome.kind === "returned", output: toolFeedback(call.name, outcome) };
}

/** A turn without calls is the answer; otherwise the results are appended if another turn can follow. */
function settle(
  trajectory: Trajectory,
  judged: JudgedResponse,
  others: readonly JudgedResponse[],
  codec: ChatCodec,
  limits: EpisodeLimits,
): Trajectory {
  const last = trajectory.turns.at(-1)!;
  const siblings = last.siblings.map((sibling, i) => {
    const { calls, reward } = others[i]!;
    return { ...sibling, reward, calls: calls.length, solved: countSolved(calls) };
  });
  const turn = { ...last, calls: judged.calls, reward: judged.reward, siblings };
  const turns = [...trajectory.turns.slice(0, -1), turn];
  const settled = { ...trajectory, turns, unsolved: judged.unsolved };
  if (judged.calls.length === 0) return { ...settled, state: "answered" };
  if (turns.length >= limits.maxTurns) return { ...settled, state: "turn_limit" };
  const results = codec.encodeToolResults(
    judged.calls.map(({ output }) => output),
    codec.stopIds.includes(trajectory.tokens.at(-1)!),
  );
  const tokens = [...trajectory.tokens, ...results];
  if (tokens.length + limits.maxResponseTokens > codec.contextTokens)
    return { ...settled, state: "context_limit" };
  return { ...settled, tokens, state: "awaits_response" };
}

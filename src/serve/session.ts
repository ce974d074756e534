/**
 * One agent's stay in an environment: its tools, and which sub-answers its calls have found. A session begins with
 * nothing found, and no call sees another's state. What a call gives is what a policy is shown in training, errors
 * included: the same bytes in process, over HTTP and over MCP.
 */
import { type ToolDocument, unsolvedSet } from "../core/environment/environment.ts";
import { programOf } from "../core/environment/program.ts";
import { promptMessages } from "../core/environment/prompt.ts";
import type { Case } from "../core/gates/gate.ts";
import { isObject, nestsDeeper } from "../core/json.ts";
import type { ChatMessage } from "../core/ports/policy.ts";
import type { Sandbox } from "../core/ports/sandbox.ts";
import {
  badArgumentsFeedback,
  deepArgumentsFeedback,
  toolFeedback,
  unknownToolFeedback,
} from "../core/reward/feedback.ts";
import { solveTurn } from "../core/reward/solve.ts";
import { deepestNesting } from "../core/trajectory/json-source.ts";
import { countUnsolved } from "../core/trajectory/trajectory.ts";

export interface CallResult {
  /** False for an error, which the model may read and mend. */
  readonly ok: boolean;
  readonly text: string;
}

export interface HowCalled {
  /** The arguments' own text, where the client sent JSON as text; Python tools see it word for word. */
  readonly written?: string | undefined;
  readonly signal?: AbortSignal;
}

export interface Session {
  /** What a policy is asked. */
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDocument[];
  /** Throws SandboxFailure where the machine failed; whatever the model does wrong is a result. */
  call(name: string, given: unknown, how?: HowCalled): Promise<CallResult>;
  progress(): { readonly calls: number; readonly solved: number; readonly unsolved: number };
}

export function openSession({ environment, tables }: Case, sandbox: Sandbox): Session {
  const owed = unsolvedSet(environment);
  let unsolved: Readonly<Record<string, readonly string[]>> = owed;
  let calls = 0;
  return {
    messages: promptMessages(environment),
    tools: environment.tools.map(({ document }) => document),
    async call(name, given, { written, signal } = {}) {
      calls += 1;
      const tool = environment.tools.find(({ document }) => document.name === name);
      if (!tool) return { ok: false, text: unknownToolFeedback(name) };
      if (nestsDeeper(given, deepestNesting)) return { ok: false, text: deepArgumentsFeedback(name) };
      if (!isObject(given))
        return { ok: false, text: badArgumentsFeedback(name, written ?? JSON.stringify(given) ?? "null") };
      const invocation = {
        program: programOf(tool, tables),
        arguments: given,
        ...(tool.runtime === "python" && written !== undefined && { argumentsText: written }),
      };
      const [outcome] = await sandbox.run([invocation], signal);
      const text = toolFeedback(name, outcome!);
      const ok = outcome!.kind === "returned";
      unsolved = solveTurn(unsolved, [{ name, output: ok ? text : null }]).unsolved;
      return { ok, text };
    },
    progress: () => ({
      calls,
      solved: countUnsolved(owed) - countUnsolved(unsolved),
      unsolved: countUnsolved(unsolved),
    }),
  };
}

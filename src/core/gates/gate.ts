/**
 * A gate: one versioned check of an environment, with evidence. Static gates look; executing gates say which calls they
 * want and judge what came of them, so that a whole batch of environments is run in one go.
 */
import type { Environment } from "../environment/environment.ts";
import type { Json } from "../json.ts";
import type { ToolInvocation, ToolOutcome } from "../ports/sandbox.ts";

export interface Case {
  readonly environment: Environment;
  /** Tables of the environment's tools by hash; others may be present. */
  readonly tables: Readonly<Record<string, Json>>;
}

export interface Finding {
  readonly verdict: "pass" | "fail";
  readonly evidence: string;
  /** Names of the tools to blame, where it is tools: a repair starts from them. */
  readonly tools?: readonly string[];
}

export interface StaticGate {
  readonly kind: "static";
  readonly gate: string;
  readonly version: number;
  readonly judge: (subject: Case) => Finding;
}

export interface Trial {
  readonly invocations: readonly ToolInvocation[];
  /** Outcomes of the invocations in order; with `again`, those of a second run in fresh children behind them. */
  readonly judge: (outcomes: readonly ToolOutcome[]) => Finding;
}

export interface ExecutingGate {
  readonly kind: "executing";
  readonly gate: string;
  readonly version: number;
  /** Calls run twice, in separate sandbox runs; the second has another clock and other chance. */
  readonly again: boolean;
  readonly plan: (subject: Case) => Trial;
}

export type Gate = StaticGate | ExecutingGate;

export const passes = (evidence: string): Finding => ({ verdict: "pass", evidence });

/** Fails with the first few faults, or passes with what was checked. */
export function findingOf(
  faults: readonly string[],
  checked: string,
  tools: readonly string[] = [],
): Finding {
  if (faults.length === 0) return passes(checked);
  const more = faults.length > 3 ? ` (and ${faults.length - 3} more)` : "";
  const blamed = [...new Set(tools)];
  return {
    verdict: "fail",
    evidence: faults.slice(0, 3).join("; ") + more,
    ...(blamed.length > 0 ? { tools: blamed } : {}),
  };
}

/** A call one expects something of: the fault in its outcome, or undefined where it is as it should be. */
export interface Probe {
  readonly tool: string;
  readonly invocation: ToolInvocation;
  readonly fault: (outcome: ToolOutcome) => string | undefined;
}

/** Ways to read one call, of which one has to be without fault. */
export type Readings = readonly (readonly Probe[])[];

export function trialOf(probes: readonly Probe[], checked: string): Trial {
  return {
    invocations: probes.map(({ invocation }) => invocation),
    judge: (outcomes) => {
      const found = probes.flatMap(({ tool, fault }, i) => {
        const text = fault(outcomes[i]!);
        return text === undefined ? [] : [{ tool, text: `${tool}: ${text}` }];
      });
      return findingOf(
        found.map(({ text }) => text),
        checked,
        found.map(({ tool }) => tool),
      );
    },
  };
}

/** What a policy would see of a call that returned; an error solves nothing. */
export const textOf = (outcome: ToolOutcome) => (outcome.kind === "returned" ? outcome.text : "");

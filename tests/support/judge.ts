/** What one gate says of one case, its calls run in `node:vm`. */
import { expect } from "vitest";
import type { Case, Finding, Gate } from "../../src/core/gates/gate.ts";
import { createVmSandbox } from "./vm-sandbox.ts";

export async function judge(gate: Gate, subject: Case): Promise<Finding> {
  if (gate.kind === "static") return gate.judge(subject);
  const { invocations, judge: judged } = gate.plan(subject);
  const run = () => createVmSandbox().run(invocations);
  return judged(gate.again ? [...(await run()), ...(await run())] : await run());
}

/** Why the gate refuses the case, which it must. */
export async function evidence(gate: Gate, subject: Case): Promise<string | undefined> {
  const { verdict, evidence } = await judge(gate, subject);
  expect(verdict).toBe("fail");
  return evidence;
}

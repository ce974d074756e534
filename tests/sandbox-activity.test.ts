/**
 * Attacks in the activity that runs tools in a worker. Each is over within its limits, processor time and memory of its
 * children as the kernel counts them; the activity completes with what the tool's call came to, and works on.
 */
import { afterAll, describe, expect, it } from "vitest";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { type Attacked, attackActivity, heartbeatTimeoutMs } from "./support/attacked-activity.ts";
import { attacksOnTheMachine, forgeries, greedyAttacks } from "./support/attacks.ts";
import { withChildCost } from "./support/child-cost.ts";

/** As they are shipped; but the clock, which never ends a call that is at work, is given longer. */
const limits = { ...defaultSandboxLimits, wallMs: 300_000 };
const sandbox = createSandbox({ ...limits, log: () => {} });
afterAll(() => sandbox.close());

/** Beyond `toolTimeoutMs`, what an attack may take until it is over. */
const graceMs = 2_000;

const said = ({ kind, call }: Attacked) => [kind, call.outcome, call.output];
/** As the policy reads it. */
const told = (kind: Attacked["kind"], text: string) =>
  kind === "returned"
    ? [kind, "returned", text]
    : [kind, "error", `an error occured when call tool: ${text}`];
const right = { tool: "sound", outcome: "returned", output: "well", solved: "well" };

describe("an attack by size or time", () => {
  it.each(greedyAttacks)(
    "by %s is a call of its own outcome, over within its limits, and the next call is right",
    async (_, attack, kind) => {
      const done = await withChildCost(sandbox, () => attackActivity([attack], sandbox));
      const [{ call, next, ...attacked }] = done.attacked as [Attacked];
      expect(attacked.kind).toBe(kind);
      expect(call.outcome).toBe(kind === "returned" ? "returned" : "error");
      expect(next).toMatchObject(right);
      expect(done.processorMs).toBeLessThan(limits.toolTimeoutMs + graceMs);
      expect(done.mib).toBeLessThan(256);
      expect(done.longestSilenceMs).toBeLessThan(heartbeatTimeoutMs);
    },
  );
});

describe("all attacks in one shard", () => {
  it("leave the activity alive for longer than its heartbeat timeout, each with its own outcome", async () => {
    const greedy = greedyAttacks.map(([, attack]) => attack);
    const others = [...attacksOnTheMachine, ...forgeries];
    const done = await attackActivity([...greedy, ...others.map(([attack]) => attack)], sandbox);
    expect(done.longestSilenceMs).toBeLessThan(heartbeatTimeoutMs);
    expect(done.wallMs).toBeGreaterThan(heartbeatTimeoutMs);
    expect(done.attacked.slice(0, greedy.length).map(({ kind }) => kind)).toEqual(
      greedyAttacks.map(([, , kind]) => kind),
    );
    expect(done.attacked.slice(greedy.length).map(said)).toEqual(
      others.map(([, kind, text]) => told(kind, text)),
    );
    for (const { next } of done.attacked) expect(next).toMatchObject(right);
  });
});

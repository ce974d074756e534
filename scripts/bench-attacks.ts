/**
 * What attacks on the sandbox cost: `npm run bench:attacks -- [--rounds 3] [--json]`. Those of tests/sandbox-activity.test.ts, each
 * in the activity that runs tools in a worker; of several rounds the most. Processor time and memory are the children's.
 */
import { cpus, loadavg } from "node:os";
import type { ToolInvocation } from "../src/core/ports/sandbox.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { type AttackedActivity, attackActivity } from "../tests/support/attacked-activity.ts";
import { attacksOnTheMachine, forgeries, greedyAttacks } from "../tests/support/attacks.ts";
import { type ChildCost, withChildCost } from "../tests/support/child-cost.ts";
import { optionsOf } from "./options.ts";

const options = optionsOf("bench:attacks", { rounds: 3, json: false });

const sandbox = createSandbox({ ...defaultSandboxLimits, wallMs: 300_000, log: () => {} });
try {
  const results = await bench(options.rounds);
  process.stdout.write(options.json ? `${JSON.stringify(results)}\n` : `${tableOf(results)}\n`);
} finally {
  await sandbox.close();
}

async function bench(rounds: number) {
  const loadBefore = loadavg()[0]!;
  const greedy = greedyAttacks.map(([, attack]) => attack);
  const others = [...attacksOnTheMachine, ...forgeries].map(([attack]) => attack);
  await attackActivity([greedy.at(-1)!], sandbox); // the first Python batch makes the snapshot
  const rows: Awaited<ReturnType<typeof mostOf>>[] = [];
  for (const [name, attack] of greedyAttacks) rows.push(await mostOf(rounds, name, [attack]));
  const together = `these and ${others.length} others in one shard`;
  rows.push(await mostOf(rounds, together, [...greedy, ...others]));
  return {
    machine: { processor: cpus()[0]!.model, cores: cpus().length, node: process.version },
    load: { before: loadBefore, after: loadavg()[0]! },
    rounds,
    rows,
  };
}

async function mostOf(rounds: number, name: string, attacks: readonly ToolInvocation[]) {
  const done: (AttackedActivity & ChildCost)[] = [];
  for (let round = 0; round < rounds; round++)
    done.push(await withChildCost(sandbox, () => attackActivity(attacks, sandbox)));
  const most = (key: "processorMs" | "mib" | "wallMs" | "longestSilenceMs") =>
    Math.max(...done.map((one) => one[key]));
  const attacked = done.flatMap((one) => one.attacked);
  return {
    name,
    outcomes: [...new Set(attacked.map(({ kind }) => kind))],
    nextRight: attacked.filter(({ next }) => next.output === "well").length / attacked.length,
    processorMs: most("processorMs"),
    mib: most("mib"),
    wallMs: most("wallMs"),
    longestSilenceMs: most("longestSilenceMs"),
  };
}

function tableOf({ machine, load, rounds, rows }: Awaited<ReturnType<typeof bench>>): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  return [
    `${machine.processor}, ${machine.cores} cores, Node ${machine.node}, load ${load.before.toFixed(1)} to ${load.after.toFixed(1)}, ${rounds} rounds`,
    "",
    "| attack | outcome | processor, s | above idle, MiB | activity, s | longest without a heartbeat, s | next call right |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(
      ({ name, outcomes, processorMs, mib, wallMs, longestSilenceMs, nextRight }) =>
        `| ${name} | ${outcomes.join(", ")} | ${seconds(processorMs)} | ${mib.toFixed(0)} | ${seconds(wallMs)} | ${seconds(longestSilenceMs)} | ${(100 * nextRight).toFixed(0)} % |`,
    ),
  ].join("\n");
}

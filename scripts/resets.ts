/**
 * Resets a finished run to every workflow task of every one of its workflows, the experiment's included, one after the
 * other, and compares what each ends with: its result, and at the end every committed step and update. Exit 1 on a difference.
 * `npm run resets -- [--input FILE] [--sample N] [--seed S] [--json]`; without --sample, all tasks.
 */
import { canonicalJson } from "../src/core/json.ts";
import { seededRandom } from "../src/core/random.ts";
import { remainsOf, withClient } from "../tests/chaos-run.ts";
import { emptyHome, ratchet, start, tinyExample } from "../tests/experiment-run.ts";
import { resetDiffers, resetPoints } from "../tests/reset-run.ts";
import { optionsOf } from "./options.ts";

const options = optionsOf("resets", { input: tinyExample, sample: 100_000, seed: 1, json: false });

const { home, remove } = emptyHome();
try {
  await start(home, ["--input", options.input]).summary;
  const before = await remainsOf(home);
  const up = ratchet(home, "up");
  if (up.status !== 0) throw new Error(up.stderr);
  const result = await withClient(home, async (client) => {
    const all = await resetPoints(client);
    const shuffled = seededRandom(options.seed).shuffle(all);
    const chosen = options.sample >= all.length ? all : shuffled.slice(0, options.sample);
    const differences: string[] = [];
    for (const [index, point] of chosen.entries()) {
      const name = `${point.workflowId}, event ${point.event}`;
      process.stderr.write(`${index + 1} of ${chosen.length}: ${name}\n`);
      const differs = await resetDiffers(client, point);
      if (differs !== null) differences.push(`${name}: ${differs.slice(0, 300)}`);
    }
    return { tasks: all.length, resets: chosen.length, differences };
  });
  ratchet(home, "down");
  const after = await remainsOf(home);
  for (const part of ["steps", "lineage"] as const)
    if (canonicalJson(before[part]) !== canonicalJson(after[part]))
      result.differences.push(`the committed ${part} are others`);
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : textOf(result));
  process.exitCode = result.differences.length === 0 ? 0 : 1;
} finally {
  ratchet(home, "down");
  remove();
}

function textOf({ tasks, resets, differences }: { tasks: number; resets: number; differences: string[] }) {
  return [
    `${resets} resets of ${tasks} workflow tasks: ${differences.length} ended with something else`,
    ...differences,
    "",
  ].join("\n");
}

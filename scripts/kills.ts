/**
 * The kill test on any experiment: runs it once left alone and once with random processes killed, each from an empty home,
 * and compares weights and optimizer. `npm run kills -- --input FILE --kills 20 --seed 1 [--json]`; exit 1 where they differ.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { seededRandom } from "../src/core/random.ts";
import { runningProcesses } from "../src/services/process-table.ts";
import { emptyHome, start } from "../tests/experiment-run.ts";

const { values } = parseArgs({
  options: {
    input: { type: "string", default: "temporal/examples/quickstart.json" },
    kills: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    /** Longest pause between two kills, ms. */
    pause: { type: "string", default: "60000" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write("npm run kills -- [--input FILE] [--kills N] [--seed S] [--pause MS] [--json]\n");
  process.exit(0);
}

const alone = emptyHome();
const killed = emptyHome();
try {
  const args = ["--input", values.input];
  process.stderr.write("run 1 of 2: left alone\n");
  const undisturbed = await start(alone.home, args).summary;
  process.stderr.write("run 2 of 2: with kills\n");
  const random = seededRandom(Number(values.seed));
  const run = start(killed.home, args);
  const roles: string[] = [];
  while (roles.length < Number(values.kills) && run.process.exitCode === null) {
    await sleep(random.integer(Number(values.pause)));
    const victims = runningProcesses(killed.home).filter(({ role }) => role !== "supervisor");
    if (victims.length === 0) continue;
    const { role, pid } = random.pick(victims);
    process.kill(pid, "SIGKILL");
    roles.push(role);
    process.stderr.write(`killed ${role} (${roles.length} of ${values.kills})\n`);
  }
  const disturbed = await run.summary;
  const same =
    undisturbed.weightsSha256 === disturbed.weightsSha256 &&
    undisturbed.optimizerSha256 === disturbed.optimizerSha256;
  const result = { same, killed: roles, weightsSha256: [undisturbed.weightsSha256, disturbed.weightsSha256] };
  process.stdout.write(
    values.json
      ? `${JSON.stringify(result)}\n`
      : `${roles.length} kills: weights and optimizer are ${same ? "the same" : "NOT the same"}\n`,
  );
  process.exitCode = same ? 0 : 1;
} finally {
  alone.remove();
  killed.remove();
}

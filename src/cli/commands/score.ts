/** `ratchet score`: FTRL's reward of each response in a file of FTRL rows, one JSON line per row, in the file's order. */
import type { Command } from "commander";
import { RatchetError } from "../../core/errors.ts";
import { ftrlRowSchema } from "../../core/reward/ftrl-row.ts";
import { type RewardKind, rewardKinds } from "../../core/reward/reward.ts";
import { scoreRows } from "../../core/reward/score-rows.ts";
import { defaultSandboxLimits } from "../../sandbox/limits.ts";
import { createSandbox } from "../../sandbox/sandbox.ts";
import { readJsonLines } from "../json-lines.ts";
import { notice } from "../notice.ts";

/** FTRL's trainer gives a call ten seconds, in which native Python takes more steps than a tool has here otherwise. */
const fuel = 20_000_000;
/** Native code takes a few times as long in WebAssembly as it has with FTRL. */
const toolTimeoutMs = 60_000;
const memoryMb = 1_024;
const wallMs = 600_000;
/** FTRL looks for answers in the whole of an output; this is more than a tool can say within its memory and time. */
const longestText = 2 ** 24;

export function register(program: Command): void {
  program
    .command("score")
    .description("score responses to rows in FTRL's format, running their Python tools in the sandbox")
    .requiredOption("--rows <file>", "JSONL file: FTRL rows, each with a `response`")
    .option("--reward <name>", `one of ${rewardKinds.join(", ")}`, "solve-f1")
    .action(score);
}

async function score(options: { readonly rows: string; readonly reward: string }): Promise<void> {
  const kind = readKind(options.reward);
  const rows = readJsonLines(options.rows, {
    option: "--rows",
    schema: ftrlRowSchema,
    next: "give JSON lines, each a row of FTRL's data (codes, unsolved_set, solve_rate, answer) with a model's `response`",
  });
  const sandbox = createSandbox({
    ...defaultSandboxLimits,
    fuel,
    toolTimeoutMs,
    memoryMb,
    wallMs,
    longestText,
    log: notice,
  });
  try {
    for (const scored of await scoreRows(rows, kind, sandbox))
      process.stdout.write(`${JSON.stringify(scored)}\n`);
  } finally {
    await sandbox.close();
  }
}

function readKind(name: string): RewardKind {
  const kind = rewardKinds.find((known) => known === name);
  if (kind) return kind;
  throw new RatchetError(
    "InvalidInput",
    `--reward '${name}' is unknown; choose one of ${rewardKinds.join(", ")}`,
    { field: "--reward", value: name },
  );
}

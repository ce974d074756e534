/** `ratchet score`: FTRL's reward of each response in a file of FTRL rows, one JSON line per row, in the file's order. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { RatchetError } from "../../core/errors.ts";
import { type FtrlRow, ftrlRowSchema } from "../../core/reward/ftrl-row.ts";
import { type RewardKind, rewardKinds } from "../../core/reward/reward.ts";
import { scoreRows } from "../../core/reward/score-rows.ts";
import { defaultSandboxLimits } from "../../sandbox/limits.ts";
import { createSandbox } from "../../sandbox/sandbox.ts";

/** FTRL's trainer gives a call ten seconds, in which native Python takes more steps than a tool has here otherwise. */
const fuel = 20_000_000;
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
  const rows = readRows(options.rows);
  const sandbox = createSandbox({
    ...defaultSandboxLimits,
    fuel,
    wallMs,
    longestText,
    log: (message) => process.stderr.write(`${message}\n`),
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
    {
      reward: name,
    },
  );
}

function readRows(path: string): FtrlRow[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new RatchetError(
      "InvalidInput",
      `--rows '${path}' cannot be read (${(cause as NodeJS.ErrnoException).code}); give a JSONL file of FTRL rows`,
      { rows: path },
      cause,
    );
  }
  return text
    .split("\n")
    .flatMap((line, i) => (line.trim() === "" ? [] : [readRow(line, `${path} line ${i + 1}`)]));
}

function readRow(line: string, where: string): FtrlRow {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new RatchetError(
      "InvalidInput",
      `${where} is no JSON; each line is one row as a JSON object`,
      {},
      cause,
    );
  }
  const row = ftrlRowSchema.safeParse(value);
  if (row.success) return row.data;
  const { path, message } = row.error.issues[0]!;
  const field = path.join(".") || "row";
  throw new RatchetError("InvalidInput", `${where}: field '${field}': ${message}`, { field }, row.error);
}

/** `ratchet env audit`: the gates' false-pass and false-fail rates on planted defects and harmless rewrites. */
import type { Command } from "commander";
import { type Audit, audit } from "../../core/audit/audit.ts";
import type { Case } from "../../core/gates/gate.ts";
import { proveBatch } from "../../core/gates/prove.ts";
import type { Sandbox } from "../../core/ports/sandbox.ts";
import { draftTools } from "../../core/synthesis/construct.ts";
import { deploy, subjectsOf } from "../../core/synthesis/deploy/deploy.ts";
import { defaultSandboxLimits } from "../../sandbox/limits.ts";
import { createSandbox } from "../../sandbox/sandbox.ts";
import { exitCodes } from "../exit.ts";
import { wholeNumber } from "../whole-number.ts";

/** Least share of each kind's defects that must be caught, and largest share of sound environments refused. */
const targets = { caught: 0.95, refused: 0.02 };
/** Environments proven at once. */
const together = 32;
/** Not every environment can have every defect; of four scenario types one in two can have most, and one in three the rarest. */
const poolPerKind = 3;

export function register(env: Command): void {
  env
    .command("audit")
    .description(
      "plant defects in sound environments and rewrite others harmlessly; exit 1 where the gates let too many through or refuse too many",
    )
    .option("--per-kind <n>", "environments of each kind of defect and rewrite", wholeNumber(1, 10_000), 200)
    .option("--seed <n>", "seed of the environments and of what is planted", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--json", "print one JSON object")
    .action(async ({ perKind, seed, json = false }: { perKind: number; seed: number; json?: boolean }) => {
      const log = (message: string) => process.stderr.write(`${message}\n`);
      const sandbox = createSandbox({ ...defaultSandboxLimits, log });
      try {
        const pool = await buildPool(Math.ceil(poolPerKind * perKind), seed, sandbox, log);
        const result = await audit(pool, { perKind, seed }, sandbox, (kind, done, total) =>
          log(`${done} of ${total}: ${kind}`),
        );
        if (json)
          process.stdout.write(`${JSON.stringify({ perKind, seed, pool: pool.length, ...result })}\n`);
        else process.stdout.write(`${linesOf(result).join("\n")}\n`);
        process.exitCode = meetsTargets(result, perKind) ? exitCodes.ok : exitCodes.failed;
      } finally {
        await sandbox.close();
      }
    });
}

/** Accepted environments of the test split, the four scenario types alike. */
async function buildPool(
  count: number,
  seed: number,
  sandbox: Sandbox,
  log: (message: string) => void,
): Promise<Case[]> {
  // The author reads its packages as it loads, which no other command should pay for.
  const { createKnowledgeAuthor } = await import("../../authors/knowledge/author.ts");
  const author = createKnowledgeAuthor();
  const scenarios = { single_hop: 1, parallel_single_hop: 1, multi_hop: 1, parallel_multi_hop: 1 };
  const pool: Case[] = [];
  for (let from = 0; from < count; from += together) {
    const batch = { seed, from, count: Math.min(together, count - from) };
    const candidates = await author.propose({ split: "test", profile: "compact", scenarios, ...batch });
    const drafted = candidates.map(draftTools);
    const deployed = deploy(drafted, await author.subjectTables(subjectsOf(drafted)));
    const { accepted, tables } = await proveBatch(deployed, author.subjectTables, sandbox);
    pool.push(...accepted.map(({ environment }) => ({ environment, tables })));
    log(`${pool.length} sound environments of ${count}`);
  }
  return pool;
}

/** A kind that could not be planted often enough proves nothing. */
const meetsTargets = ({ defects, rewrites }: Audit, perKind: number) =>
  [...defects, ...rewrites].every(({ n }) => n === perKind) &&
  defects.every(({ n, caught }) => caught >= targets.caught * n) &&
  rewrites.every(({ n, refused }) => refused <= targets.refused * n);

const percent = (part: number, whole: number) =>
  whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;

function linesOf({ guessed, defects, rewrites, gates }: Audit): string[] {
  return [
    `a guess from the columns is right of ${guessed.right} of ${guessed.n} sound environments; at most ${guessed.bound.toFixed(1)} expected`,
    "",
    "planted defect | gate | n | caught | by that gate",
    ...defects.map(
      ({ kind, gate, n, caught, caughtByGate }) =>
        `${kind} | ${gate} | ${n} | ${percent(caught, n)} | ${percent(caughtByGate, n)}`,
    ),
    "",
    "harmless rewrite | n | refused",
    ...rewrites.map(({ kind, n, refused }) => `${kind} | ${n} | ${percent(refused, n)}`),
    "",
    "gate | defects of its kind | false passes | sound environments | false fails",
    ...gates.map(
      ({ gate, defects: own, falsePasses, sound, falseFails }) =>
        `${gate} | ${own} | ${percent(falsePasses, own)} | ${sound} | ${percent(falseFails, sound)}`,
    ),
  ];
}

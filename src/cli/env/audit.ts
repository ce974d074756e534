/** `ratchet env audit`: the gates' false-pass and false-fail rates on planted defects and harmless rewrites. */
import { accessSync, constants, existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Command, Option } from "commander";
import { type Audit, audit, type Rates } from "../../core/audit/audit.ts";
import { type Profile, profiles } from "../../core/environment/environment.ts";
import { RatchetError } from "../../core/errors.ts";
import { gateTable } from "../../core/gates/table.ts";
import { canonicalJson } from "../../core/json.ts";
import { defaultSandboxLimits } from "../../sandbox/limits.ts";
import { createSandbox } from "../../sandbox/sandbox.ts";
import { exitCodes } from "../exit.ts";
import { readInputFile } from "../input-file.ts";
import { notice } from "../notice.ts";
import { wholeNumber } from "../whole-number.ts";
import { writing } from "../writing.ts";
import { buildPool, type Member } from "./audit-pool.ts";

/** Least share of each kind's defects that must be caught, and largest share of sound environments refused. */
const targets = { caught: 0.95, refused: 0.02 };

interface Options {
  readonly profile: Profile;
  readonly perKind: number;
  readonly seed: number;
  readonly into?: string;
  readonly json?: boolean;
}

export function register(env: Command): void {
  env
    .command("audit")
    .description(
      "plant defects in sound environments and rewrite others harmlessly; exit 1 where the gates let too many through or refuse too many",
    )
    .addOption(
      new Option("--profile <profile>", "profile of the environments").choices(profiles).default("compact"),
    )
    .option(
      "--per-kind <n>",
      "environments of each kind of defect and rewrite",
      wholeNumber("--per-kind", 1, 10_000),
      200,
    )
    .option(
      "--seed <n>",
      "seed of the environments and of what is planted",
      wholeNumber("--seed", 0, 2 ** 32 - 1),
      1,
    )
    .option("--into <file>", "keep each kind's rates here as they come, and go on from what is there")
    .option("--json", "print one JSON object")
    .action(run);
}

async function run({ profile, perKind, seed, into, json = false }: Options) {
  const of = measured(profile, perKind, seed);
  const kept = readKept(into, of);
  // Sound environments take minutes to build, which would be lost where nothing can be written in the end.
  if (into !== undefined)
    writing("--into", into, () => accessSync(existsSync(into) ? into : dirname(into), constants.W_OK));
  // The author reads its packages as it loads, which no other command should pay for.
  const { createKnowledgeAuthor } = await import("../../authors/knowledge/author.ts");
  const sandbox = createSandbox({ ...defaultSandboxLimits, log: notice });
  try {
    const request = { profile, perKind, seed, known: kept?.pool };
    const { cases, members } = await buildPool(createKnowledgeAuthor(), request, sandbox, notice);
    const keep = (rates: Rates) => {
      if (into !== undefined) writeFileSync(into, `${JSON.stringify({ of, pool: members, rates })}\n`);
    };
    const known = kept?.rates ?? { defects: [], rewrites: [] };
    keep(known);
    const onKind = (kind: string, done: number, total: number, rates: Rates) => {
      if (rates.defects.length >= known.defects.length && rates.rewrites.length >= known.rewrites.length)
        keep(rates);
      notice(`${done} of ${total}: ${kind}`);
    };
    const result = await audit(cases, { perKind, seed, known, onKind }, sandbox);
    if (json)
      process.stdout.write(`${JSON.stringify({ profile, perKind, seed, pool: cases.length, ...result })}\n`);
    else process.stdout.write(`${linesOf(result).join("\n")}\n`);
    process.exitCode = meetsTargets(result, perKind) ? exitCodes.ok : exitCodes.failed;
  } finally {
    await sandbox.close();
  }
}

interface Kept {
  readonly of: unknown;
  readonly pool: readonly Member[];
  readonly rates: Rates;
}

/** What the rates in a file are of; those of other gates say nothing of these. */
const measured = (profile: Profile, perKind: number, seed: number) => ({
  profile,
  perKind,
  seed,
  gates: gateTable.map(({ gate, version }) => [gate, version]),
});

function readKept(into: string | undefined, of: ReturnType<typeof measured>): Kept | undefined {
  if (into === undefined || !existsSync(into)) return undefined;
  const kept = readInputFile(into, "--into") as Kept | null;
  if (kept !== null && canonicalJson(kept.of) === canonicalJson(of)) return kept;
  throw new RatchetError(
    "InvalidInput",
    `--into ${into} holds rates of another --profile, --per-kind, --seed or version of the gates; name another file`,
    { field: "--into", value: into },
  );
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
    "sound environments | n | refused",
    ...rewrites.map(({ kind, n, refused }) => `${kind} | ${n} | ${percent(refused, n)}`),
    "",
    "gate | defects of its kind | false passes | sound environments | false fails",
    ...gates.map(
      ({ gate, defects: own, falsePasses, sound, falseFails }) =>
        `${gate} | ${own} | ${percent(falsePasses, own)} | ${sound} | ${percent(falseFails, sound)}`,
    ),
  ];
}

/**
 * The study behind docs/quickstart.md: `standard.json` and its controls for several seeds, one after the other. What two
 * experiments share is computed once (their stages are cached), and a bench that was interrupted goes on where it was.
 * `npm run bench -- [--seeds 1,2,3] [--only standard,standard-continued-sft] [--json]`; hours of work a seed.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readConfig } from "../src/config/config.ts";
import type { ComparisonRow } from "../src/core/evaluation/comparison.ts";
import { optionsOf, refuse } from "./options.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const examples = [
  "standard",
  "standard-continued-sft",
  "standard-learning-rate-0",
  "standard-shuffled-rewards",
];
const options = optionsOf("bench", { seeds: "1,2,3", only: examples.join(","), json: false });
const seeds = options.seeds.split(",").map(Number);
if (!seeds.every((seed) => Number.isInteger(seed) && seed > 0 && seed < 2 ** 31))
  refuse("bench", `--seeds '${options.seeds}' is no list of whole numbers from 1 to ${2 ** 31 - 1}`);
const stranger = options.only.split(",").find((name) => !examples.includes(name));
if (stranger !== undefined)
  refuse("bench", `--only names '${stranger}' and its experiments are ${examples.join(", ")}`);

interface Summary {
  readonly state: string;
  readonly table: readonly ComparisonRow[];
}

interface Result {
  readonly experiment: string;
  readonly seed: number;
  readonly table: readonly ComparisonRow[];
}

const results: Result[] = [];
const folder = join(readConfig(process.env, root).home, "bench");
mkdirSync(folder, { recursive: true });
const wanted = seeds.flatMap((seed) => options.only.split(",").map((experiment) => ({ experiment, seed })));
for (const { experiment, seed } of wanted) {
  const result = runOne(experiment, seed);
  if (result === undefined) {
    process.exitCode = 1;
    break;
  }
  results.push(result);
}
if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);
else for (const line of results.flatMap(linesOf)) process.stdout.write(`${line}\n`);

/** Undefined where the run did not come to its end, which it has said on standard error. */
function runOne(experiment: string, seed: number): Result | undefined {
  const input = JSON.parse(readFileSync(join(root, "temporal", "examples", `${experiment}.json`), "utf8"));
  const file = join(folder, `${experiment}-${seed}.json`);
  writeFileSync(file, JSON.stringify({ ...input, id: `${experiment}-seed-${seed}`, seed }));
  process.stderr.write(`\n== ${experiment}, seed ${seed}\n`);
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, "scripts", "start.mjs"), "--input", file, "--exit", "--json"],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" },
  );
  const summary = stdout.trimEnd().split("\n").at(-1)!;
  const { state, table } = (status === 0 ? JSON.parse(summary) : {}) as Partial<Summary>;
  if (state === "done" && table) return { experiment, seed, table };
  process.stderr.write(
    `${experiment}, seed ${seed}: ${state ?? "failed"}; the same command goes on with it\n`,
  );
  return undefined;
}

/** Each evaluation beside the one before it: mean, and the paired 95 % interval of the difference. */
function linesOf({ experiment, seed, table }: Result): string[] {
  return table.map(({ title, environments, means, overPrevious }) => {
    const f1 = overPrevious?.solveF1;
    const gain = f1 ? `  ${f1.mean.toFixed(3)} [${f1.low.toFixed(3)}, ${f1.high.toFixed(3)}]` : "";
    return `${experiment} seed ${seed}  ${title}  n ${environments}  Solve-F1 ${means.solveF1.toFixed(3)}${gain}`;
  });
}

/**
 * Kill anything, by the thousand: runs an experiment again and again under seeded blows (SIGKILL, SIGTERM, SIGSTOP past the
 * heartbeat and SIGCONT) and compares each with a run left alone: weights, optimizer, every committed step and every
 * update's metrics. Results add up in a file, so a study that was interrupted goes on where it was. Exit 1 on a difference.
 * `npm run chaos -- [--kills N] [--seed S] [--pause MS] [--per-run N] [--input FILE] [--results FILE] [--json]`
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { seedOf } from "../src/core/hash.ts";
import { canonicalJson } from "../src/core/json.ts";
import { seededRandom } from "../src/core/random.ts";
import { buildId } from "../src/workers/build-id.ts";
import { type Blow, frozenMs, type Remains, remainsOf, runUnderFire } from "../tests/chaos-run.ts";
import { emptyHome, type Summary, start, tinyExample } from "../tests/experiment-run.ts";
import { optionsOf } from "./options.ts";

const options = optionsOf("chaos", {
  kills: 50,
  seed: 1,
  /** Mean time between two blows, ms, which besides are spread over the steps that a run commits. */
  pause: 500,
  input: tinyExample,
  /** After so many blows a run is left to come to its end. */
  "per-run": 50,
  results: ".ratchet/chaos.jsonl",
  json: false,
});

/** One run, as a line of the results file. */
interface Result {
  /** Of the sources that ran: results of one build add up, and no others. */
  readonly build: string;
  readonly seed: number;
  readonly input: string;
  readonly index: number;
  readonly blows: readonly Blow[];
  readonly restarts: number;
  readonly collections: number;
  /** What differs from the run left alone; empty where nothing does. */
  readonly differences: readonly string[];
  /** From each SIGKILL to the next commit of any step, ms; null where the run had nothing left to commit. */
  readonly recoveriesMs: readonly (number | null)[];
  /** From its first start to its end, and the same of the run left alone. */
  readonly wallMs: number;
  readonly aloneMs: number;
  readonly attempts: number;
  readonly lostAttempts: number;
  readonly staleCommitsRefused: number;
}

const build = await buildId();
const { kills, seed, pause: pauseMs, "per-run": perRun } = options;
const args = ["--input", options.input];
const results = earlierResults();
const struck = () => results.reduce((sum, { blows }) => sum + blows.length, 0);
if (struck() < kills) {
  process.stderr.write("a run left alone, to compare with\n");
  const alone = await inEmptyHome(async (home) => {
    const begun = Date.now();
    const summary = await start(home, args).summary;
    return { summary, wallMs: Date.now() - begun, remains: await remainsOf(home) };
  });
  while (struck() < kills) {
    const result = await inEmptyHome((home) => attack(home, results.length, alone));
    results.push(result);
    mkdirSync(dirname(options.results), { recursive: true });
    appendFileSync(options.results, `${JSON.stringify(result)}\n`);
    const verdict = result.differences.length === 0 ? "the same" : result.differences.join("; ");
    if (result.blows.length === 0) {
      process.stderr.write(`chaos: the run ended before a blow fell; lower --pause ${pauseMs}\n`);
      break;
    }
    process.stderr.write(
      `run ${result.index + 1}: ${result.blows.length} blows, ${struck()} of ${kills}: ${verdict}\n`,
    );
  }
}
const summary = summarize();
process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : textOf(summary));
process.exitCode = summary.runsThatDiffer === 0 && summary.blows >= kills ? 0 : 1;

/** A line without its end was being written when the study was interrupted: its run counts for nothing. */
function earlierResults(): Result[] {
  if (!existsSync(options.results)) return [];
  const text = readFileSync(options.results, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== text) writeFileSync(options.results, whole);
  const lines = whole.split("\n").filter(Boolean);
  const all = lines.map((line) => JSON.parse(line) as Result);
  return all.filter(
    (result) => result.build === build && result.seed === seed && result.input === options.input,
  );
}

/** The home of a run that differs stays, for whoever looks into it. */
async function inEmptyHome<T extends object>(work: (home: string) => Promise<T>): Promise<T> {
  const { home, remove } = emptyHome();
  const done = await work(home);
  if ("differences" in done && (done.differences as unknown[]).length > 0)
    process.stderr.write(`it is in ${home}\n`);
  else remove();
  return done;
}

async function attack(
  home: string,
  index: number,
  alone: Outcome & { readonly wallMs: number },
): Promise<Result> {
  const random = seededRandom(seedOf(seed, index));
  const most = Math.min(perRun, kills - struck());
  const blows: Blow[] = [];
  const about = { build, seed, input: options.input, index, blows, aloneMs: alone.wallMs };
  const begun = Date.now();
  const steps = Object.keys(alone.remains.steps).length;
  const fire = { random, most, pauseMs, steps, oneAtATime: true };
  const under = await runUnderFire(home, args, fire, blows).catch((error: Error) => error);
  if (under instanceof Error) {
    const reason = under.message.slice(-1_000);
    return {
      ...about,
      ...{ restarts: 0, collections: 0, differences: [`it did not end: ${reason}`], recoveriesMs: [] },
      ...{ wallMs: Date.now() - begun, attempts: 0, lostAttempts: 0, staleCommitsRefused: 0 },
    };
  }
  const { summary, restarts, collections } = under;
  const wallMs = Date.now() - begun;
  const remains = await remainsOf(home);
  return {
    ...about,
    restarts,
    collections,
    wallMs,
    attempts: remains.attempts,
    lostAttempts: remains.lostAttempts,
    staleCommitsRefused: remains.staleCommitsRefused,
    differences: differencesOf(alone, { summary, remains }),
    recoveriesMs: blows
      .filter(({ signal }) => signal === "SIGKILL")
      .map(({ at }) => {
        const next = remains.commits.find((commit) => commit > at);
        return next === undefined ? null : Math.round(next - at);
      }),
  };
}

interface Outcome {
  readonly summary: Summary;
  readonly remains: Remains;
}

function differencesOf(alone: Outcome, struck: Outcome): string[] {
  const differs = (name: string, a: unknown, b: unknown) =>
    canonicalJson(a) === canonicalJson(b) ? [] : [name];
  const { steps, lineage } = struck.remains;
  const keys = new Set([...Object.keys(alone.remains.steps), ...Object.keys(steps)]);
  const otherSteps = [...keys].filter(
    (key) => canonicalJson(alone.remains.steps[key] ?? null) !== canonicalJson(steps[key] ?? null),
  );
  return [
    ...differs("weights", alone.summary.weightsSha256, struck.summary.weightsSha256),
    ...differs("optimizer", alone.summary.optimizerSha256, struck.summary.optimizerSha256),
    ...differs("lineage and metrics", alone.remains.lineage, lineage),
    ...(otherSteps.length === 0 ? [] : [`${otherSteps.length} of ${keys.size} committed steps`]),
  ];
}

/** After a SIGKILL that fell while no other process was frozen, which would be what the run waits for. */
function recoveriesOf({ blows, recoveriesMs }: Result): (number | null)[] {
  const isFrozen = (at: number) =>
    blows.some((blow) => blow.signal === "SIGSTOP" && blow.at <= at && at < blow.at + frozenMs);
  const killed = blows.filter(({ signal }) => signal === "SIGKILL");
  return recoveriesMs.filter((_, index) => !isFrozen(killed[index]!.at));
}

function summarize() {
  const blows = results.flatMap((result) => result.blows);
  const count = (of: (blow: Blow) => string) => {
    const counts: Record<string, number> = {};
    for (const blow of blows) counts[of(blow)] = (counts[of(blow)] ?? 0) + 1;
    return counts;
  };
  const recoveries = results
    .flatMap(recoveriesOf)
    .filter((ms) => ms !== null)
    .sort((a, b) => a - b);
  const quantile = (q: number) =>
    recoveries[Math.min(recoveries.length - 1, Math.ceil(q * recoveries.length) - 1)] ?? null;
  const total = (of: (result: Result) => number) => results.reduce((sum, result) => sum + of(result), 0);
  return {
    blows: blows.length,
    runs: results.length,
    runsThatDiffer: results.filter(({ differences }) => differences.length > 0).length,
    restarts: total(({ restarts }) => restarts),
    collections: total(({ collections }) => collections),
    bySignal: count(({ signal }) => signal),
    byRole: count(({ role }) => role),
    recoveryMsAfterSigkill: {
      n: recoveries.length,
      median: quantile(0.5),
      p95: quantile(0.95),
      p99: quantile(0.99),
    },
    attempts: total(({ attempts }) => attempts),
    lostAttempts: total(({ lostAttempts }) => lostAttempts),
    staleCommitsRefused: total(({ staleCommitsRefused }) => staleCommitsRefused),
    wallMs: total(({ wallMs }) => wallMs),
    aloneMs: total(({ aloneMs }) => aloneMs),
  };
}

function textOf({ blows, runs, runsThatDiffer, restarts, ...rest }: ReturnType<typeof summarize>): string {
  const counts = (of: Record<string, number>) =>
    Object.entries(of)
      .map(([name, n]) => `${name} ${n}`)
      .join(", ");
  const { n, median, p95, p99 } = rest.recoveryMsAfterSigkill;
  return [
    `${blows} blows in ${runs} runs, ${restarts} restarts: ${runsThatDiffer} runs differ from the run left alone`,
    `signals: ${counts(rest.bySignal)}`,
    `roles: ${counts(rest.byRole)}`,
    `next commit after a SIGKILL: median ${median} ms, p95 ${p95} ms, p99 ${p99} ms (n ${n})`,
    `done again: ${rest.lostAttempts} of ${rest.attempts} attempts; ${rest.staleCommitsRefused} stale commits refused`,
    `wall clock ${Math.round(rest.wallMs / 1000)} s; left alone ${Math.round(rest.aloneMs / 1000)} s`,
    "",
  ].join("\n");
}

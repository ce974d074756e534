/** Runs experiments as a person does, with `npm start`'s script, and reads what they leave in the store. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readConfig } from "../src/config/config.ts";
import type { ExperimentInput } from "../src/core/experiment/input.ts";
import type { LineageRecord } from "../src/core/ports/runs.ts";
import { endpointsOf } from "../src/services/endpoints.ts";
import { launcher } from "../src/services/launcher.ts";
import { readRecord } from "../src/services/record.ts";
import { openStore } from "../src/store/store.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

export interface Summary {
  readonly run: string;
  readonly state: string;
  readonly weightsSha256: string;
  readonly optimizerSha256: string;
}

/** An empty home that Postgres's own user may enter. */
export function emptyHome(): { home: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "ratchet-run-"));
  chmodSync(folder, 0o755);
  return { home: join(folder, "home"), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface StartedRun {
  readonly process: ChildProcess;
  /** The JSON summary of the last line; rejects with all output where the process failed. */
  readonly summary: Promise<Summary>;
}

/** `npm start` with these arguments. */
export const launch = (home: string, args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [join(root, "scripts", "start.mjs"), ...args], {
    cwd: root,
    env: { ...process.env, RATCHET_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });

export function start(home: string, args: readonly string[]): StartedRun {
  const child = launch(home, [...args, "--exit", "--json"]);
  return { process: child, summary: summaryOf(child) };
}

export function resume(home: string, run: string): StartedRun {
  const child = spawn(
    process.execPath,
    [join(root, "bin", "ratchet.mjs"), "resume", run, "--exit", "--json"],
    {
      cwd: root,
      env: { ...process.env, RATCHET_HOME: home },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  return { process: child, summary: summaryOf(child) };
}

function summaryOf(child: ChildProcess): Promise<Summary> {
  let out = "";
  let err = "";
  child.stdout!.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr!.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once("close", (code, signal) => {
      if (code !== 0) reject(new Error(`ended with ${signal ?? code}: ${err}\n${out}`));
      else resolve(JSON.parse(out.trimEnd().split("\n").at(-1)!) as Summary);
    });
  });
}

/** A command of `npx ratchet`, to its end. */
export function ratchet(home: string, ...args: string[]) {
  return spawnSync(process.execPath, [join(root, "bin", "ratchet.mjs"), ...args], {
    cwd: root,
    env: { ...process.env, RATCHET_HOME: home },
    encoding: "utf8",
  });
}

/** The real services with a worker that has the named fault. */
export async function superviseFaulty(
  home: string,
  fault: string,
  variables: NodeJS.ProcessEnv = {},
): Promise<{ stop(): Promise<void> }> {
  const services = spawn(
    process.execPath,
    [launcher, fileURLToPath(new URL("fixtures/faults/supervise.ts", import.meta.url))],
    {
      env: { ...process.env, ...variables, RATCHET_HOME: home, FAULT: fault },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const closed = once(services, "close").then(([code]) => {
    throw new Error(`the services ended with ${code}`);
  });
  await Promise.race([once(services.stdout, "data"), closed]);
  closed.catch(() => undefined);
  return {
    stop: async () => {
      services.kill("SIGTERM");
      await once(services, "close");
    },
  };
}

export const tinyExample = join(root, "temporal", "examples", "tiny.json");

/**
 * The tiny experiment without its evaluations and report: the same updates in half the time. Another tripwire window keeps
 * its reinforcement from being taken from another run's.
 */
export function trimmedTiny(home: string, { run = "tiny", window = 10 } = {}): string {
  const tiny = JSON.parse(readFileSync(tinyExample, "utf8")) as ExperimentInput;
  const input = { ...tiny, id: run };
  Object.assign((input.stages.rl as { training: object }).training, { tripwires: { window } });
  for (const [id, { type }] of Object.entries(input.stages))
    if (type === "evaluate" || type === "report" || id === "test-environments") delete input.stages[id];
  const file = `${home}-${run}.json`;
  writeFileSync(file, JSON.stringify(input));
  return file;
}

/** Every update of a training stage, in order; none while the home's services cannot be reached. */
export async function updatesOf(home: string, run: string, stage: string): Promise<LineageRecord[]> {
  const config = readConfig({ ...process.env, RATCHET_HOME: home });
  const endpoints = endpointsOf(config, readRecord(home));
  if (endpoints === undefined) return [];
  try {
    const store = await openStore({
      databaseUrl: endpoints.databaseUrl,
      artifactFolder: config.artifactFolder,
    });
    try {
      return await store.runs.lineageOf(run, stage, 0);
    } finally {
      await store.close();
    }
  } catch {
    return [];
  }
}

/** Resolves once the stage has committed that many updates. */
export async function untilUpdates(home: string, run: string, stage: string, count: number): Promise<void> {
  while ((await updatesOf(home, run, stage)).length < count) await sleep(250);
}

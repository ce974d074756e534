/** The engine as a process: killed, frozen, orphaned, locked out and aborted, it ends, and the next one gives the same bytes. */
import { type ChildProcess, execFile, fork } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ArtifactRef, ArtifactStore } from "../src/core/ports/artifacts.ts";
import type { OnProgress, SampledResponse, UpdateRequest } from "../src/core/ports/policy.ts";
import { createEngine, type Engine, type EngineOptions } from "../src/engine/runtime/client.ts";
import { identityOf } from "../src/engine/runtime/process-identity.ts";
import { openArtifactFolder } from "../src/store/artifacts.ts";
import { storedTiny } from "./support/stored-tiny.ts";
import { lossWithKl, plainAdam, smallRow } from "./support/update-settings.ts";

const home = mkdtempSync(join(tmpdir(), "ratchet-engine-"));
const lockFile = join(home, "device.lock");
const never = new AbortController().signal;
const ignore: OnProgress = () => {};
let artifacts: ArtifactStore;
let policy: ArtifactRef;

beforeAll(async () => {
  artifacts = await openArtifactFolder(join(home, "artifacts"), async () => {});
  policy = await storedTiny(artifacts);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const engines: Engine[] = [];
const start = (options: Partial<EngineOptions> = {}) => {
  const engine = createEngine({ artifacts, threads: 1, lockFile, stallMs: 60_000, ...options });
  engines.push(engine);
  return engine;
};
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

const prompt = Array.from({ length: 100 }, (_, i) => (i * 37) % 256);
const requests = [
  { prompt, seeds: [1, 2, 3] },
  { prompt: prompt.slice(20), seeds: [4] },
];
const options = { temperature: 1, topP: 1, maxNewTokens: 60 };
const sample = (engine: Engine, onProgress = ignore, signal = never) =>
  engine.sample(policy, requests, options, onProgress, signal);

/** Runs `act` once, at the engine's tenth step of tokens: in the middle of its work. */
function inTheMiddle(act: () => void): OnProgress {
  let steps = 0;
  return ({ unit }) => {
    if (unit === "tokens" && ++steps === 10) act();
  };
}

/** A zombie has ended. */
const isAlive = (pid: number) => identityOf(pid) !== undefined;

/** What an undisturbed engine samples. */
let undisturbed: SampledResponse[][];
beforeAll(async () => {
  const engine = start();
  undisturbed = await sample(engine);
  await engine.close();
});

describe("an engine process", () => {
  it("samples the same bytes as another one", async () => {
    expect(undisturbed.map((group) => group.length)).toEqual([3, 1]);
    expect(await sample(start())).toEqual(undisturbed);
  });

  it("killed in the middle of its work gives a retryable EngineFailure, and the next one the same bytes", async () => {
    const engine = start();
    const killed = sample(
      engine,
      inTheMiddle(() => process.kill(engine.pid()!, "SIGKILL")),
    );
    await expect(killed).rejects.toMatchObject({
      type: "EngineFailure",
      retryable: true,
      message: expect.stringMatching(/^engine process \d+ ended \(SIGKILL\) while sampling/),
    });
    expect(engine.pid()).toBeUndefined();
    expect(await sample(engine)).toEqual(undisturbed);
  });

  it("goes on with its work at SIGTERM, which a service manager may send to everything: its parent ends it", async () => {
    const engine = start();
    const drawn = await sample(
      engine,
      inTheMiddle(() => process.kill(engine.pid()!, "SIGTERM")),
    );
    expect(drawn).toEqual(undisturbed);
  });

  it("that says nothing for too long is killed", async () => {
    const engine = start({ stallMs: 10_000 });
    let pid = 0;
    const frozen = sample(
      engine,
      inTheMiddle(() => {
        pid = engine.pid()!;
        process.kill(pid, "SIGSTOP");
      }),
    );
    await expect(frozen).rejects.toMatchObject({
      type: "EngineFailure",
      message: expect.stringContaining("was killed, silent for 10000 ms, while sampling"),
    });
    expect(isAlive(pid)).toBe(false);
    expect(await sample(engine)).toEqual(undisturbed);
  });

  it("has ended its work before an aborted request rejects", async () => {
    const engine = start();
    const controller = new AbortController();
    let pid = 0;
    const aborted = sample(
      engine,
      inTheMiddle(() => {
        pid = engine.pid()!;
        controller.abort(new Error("cancelled"));
      }),
      controller.signal,
    );
    await expect(aborted).rejects.toThrow("cancelled");
    expect(isAlive(pid)).toBe(false);
    expect(await sample(engine)).toEqual(undisturbed);
  });

  it("does one request at a time, and never one that was aborted while it waited", async () => {
    const engine = start();
    const controller = new AbortController();
    const units: string[] = [];
    const first = sample(
      engine,
      inTheMiddle(() => controller.abort(new Error("not wanted"))),
    );
    const second = sample(engine, () => void units.push("second"), controller.signal);
    const third = sample(engine);
    await expect(second).rejects.toThrow("not wanted");
    expect(await first).toEqual(undisturbed);
    expect(await third).toEqual(undisturbed);
    expect(units).toEqual([]);
  });

  it("passes named errors on as they are, and lives on", async () => {
    const engine = start();
    const long = [{ prompt: Array.from({ length: 4090 }, () => 1), seeds: [1] }];
    await expect(engine.sample(policy, long, options, ignore, never)).rejects.toMatchObject({
      type: "PromptTooLong",
      retryable: false,
      fields: { promptTokens: 4090, contextTokens: 4096 },
    });
    const pid = engine.pid();
    expect(await sample(engine)).toEqual(undisturbed);
    expect(engine.pid()).toBe(pid);
  });

  it("ends when its parent is killed", async () => {
    const parent = fork(new URL("./engine-parent.ts", import.meta.url), [home, JSON.stringify(policy)], {
      execArgv: ["--import", "tsx"],
    });
    const pid = await engineOf(parent);
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    while (isAlive(pid)) await sleep(20);
  });
});

describe("the engine's program", () => {
  it("ends at once where the parent that it was started for is gone", async () => {
    const program = fileURLToPath(new URL("../src/engine/runtime/child.ts", import.meta.url));
    const arguments_ = ["--import", "tsx", program, "ratchet-engine", `${2 ** 22 - 1}`];
    expect((await promisify(execFile)(process.execPath, arguments_)).stdout).toBe("");
  });

  it("is started anew by the next request where it could not take the device", async () => {
    const blocked = join(home, "blocked");
    writeFileSync(blocked, "a file where a folder must be");
    const engine = start({ lockFile: join(blocked, "device.lock") });
    await expect(sample(engine)).rejects.toMatchObject({ type: "EngineFailure" });
    rmSync(blocked);
    expect(await sample(engine)).toEqual(undisturbed);
  });
});

function engineOf(parent: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    parent.once("message", (pid: number) => resolve(pid));
    parent.once("exit", (code) => reject(new Error(`the parent ended with ${code}`)));
  });
}

describe("the device lock", () => {
  it("makes an engine wait for the one that lives, and say so", async () => {
    const holder = start();
    await sample(holder);
    expect(JSON.parse(readFileSync(lockFile, "utf8"))).toMatchObject({ pid: holder.pid() });
    const units = new Set<string>();
    let closing: Promise<void> | undefined;
    const waiting = sample(start(), ({ unit, count }) => {
      units.add(unit);
      if (unit.startsWith("waits") && count === 3) closing ??= holder.close();
    });
    const waits = `waits for engine ${holder.pid()} to end`;
    expect(await waiting).toEqual(undisturbed);
    expect(units).toContain(waits);
    await closing;
  });

  it("is given back at the end, and leaves nothing beside it", async () => {
    const engine = start();
    await sample(engine);
    await engine.close();
    expect(readdirSync(home).filter((name) => name.startsWith("device.lock"))).toEqual([]);
  });

  it("of a dead process, or of an earlier one with the same pid, is taken over", async () => {
    for (const stale of [
      { pid: 2 ** 22 - 1, startTime: "then" },
      { pid: process.pid, startTime: "then" },
      "garbled",
    ]) {
      writeFileSync(lockFile, JSON.stringify(stale));
      const engine = start();
      expect(await sample(engine)).toEqual(undisturbed);
      await engine.close();
    }
  });
});

describe("an update", () => {
  const row = (seed: number) => smallRow(prompt, seed);
  const request = (): UpdateRequest => ({
    parent: policy,
    reference: policy,
    miniBatches: [
      [row(1), row(2)],
      [row(3), row(4)],
    ],
    loss: lossWithKl,
    optimizer: plainAdam(1e-3),
    packTokens: 512,
    carryOptimizer: true,
  });
  const manifestOf = async (ref: ArtifactRef) =>
    JSON.parse(readFileSync(join(await artifacts.pathOf(ref), "manifest.json"), "utf8"));

  it("stores a checkpoint whose manifest names its parent, its numerics and the hashes it returns", async () => {
    const result = await start().update(request(), ignore, never);
    const manifest = await manifestOf(result.checkpoint);
    expect(manifest).toMatchObject({
      parent: policy.hash,
      reference: policy.hash,
      numerics: { threads: 1, engineVersion: 7, arch: process.arch },
      files: {
        "model.safetensors": { sha256: result.weightsSha256 },
        "optimizer.safetensors": { sha256: result.optimizerSha256 },
      },
    });
    expect(result.weightsSha256).not.toBe((await manifestOf(policy)).files["model.safetensors"].sha256);
    expect(result.metrics.steps).toBe(2);
  });

  it("gives the same bytes in a new process, after other work, and after being killed in the middle", async () => {
    const { checkpoint } = await start().update(request(), ignore, never);
    await engines[0]!.close();
    const engine = start();
    await sample(engine);
    let ticks = 0;
    const killed = engine.update(
      request(),
      () => {
        if (++ticks === 8) process.kill(engine.pid()!, "SIGKILL");
      },
      never,
    );
    await expect(killed).rejects.toMatchObject({ type: "EngineFailure" });
    await sample(engine);
    expect((await engine.update(request(), ignore, never)).checkpoint).toEqual(checkpoint);
    expect(await sample(engine)).toEqual(undisturbed);
  });

  it("leaves nothing staged where it failed", async () => {
    const engine = start();
    const empty = { ...request(), miniBatches: [[]] };
    await expect(engine.update(empty, ignore, never)).rejects.toMatchObject({ type: "InvalidInput" });
    const staged = readdirSync(join(home, "artifacts", ".staging"), { recursive: true });
    expect(staged.filter((name) => `${name}`.includes("safetensors"))).toEqual([]);
  });
});

/** Adapters through the engine process and the artifact store: small checkpoints, the same bytes after a kill, whole exports. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ArtifactRef, ArtifactStore } from "../src/core/ports/artifacts.ts";
import type { OnProgress, UpdateRequest } from "../src/core/ports/policy.ts";
import { adapterFiles } from "../src/engine/formats/adapter-file.ts";
import { readWeights } from "../src/engine/formats/checkpoint.ts";
import { exportAdapter, exportPolicy } from "../src/engine/policies/export.ts";
import { readFolderPolicy } from "../src/engine/policies/folder-policy.ts";
import { prepareTiny } from "../src/engine/policies/tiny.ts";
import { createEngine, type Engine } from "../src/engine/runtime/client.ts";
import { locatePolicy } from "../src/engine/runtime/locate.ts";
import { openArtifactFolder } from "../src/store/artifacts.ts";
import { storedTiny } from "./support/stored-tiny.ts";
import { lossWithKl, plainAdam, smallRow } from "./support/update-settings.ts";

const home = mkdtempSync(join(tmpdir(), "ratchet-lora-"));
const never = new AbortController().signal;
const ignore: OnProgress = () => {};
let artifacts: ArtifactStore;
let policy: ArtifactRef;
let engine: Engine;

beforeAll(async () => {
  artifacts = await openArtifactFolder(join(home, "artifacts"), async () => {});
  policy = await storedTiny(artifacts);
  engine = createEngine({ artifacts, threads: 1, lockFile: join(home, "device.lock"), stallMs: 60_000 });
});
afterEach(() => engine.close());
afterAll(() => rmSync(home, { recursive: true, force: true }));

const prompt = Array.from({ length: 70 }, (_, i) => (i * 37) % 256);
const row = (seed: number) => smallRow(prompt, seed);
const rows = [
  [row(1), row(2)],
  [row(3), row(4)],
  [row(5), row(6)],
];

function request(parent: ArtifactRef, change: Partial<UpdateRequest> = {}): UpdateRequest {
  return {
    parent,
    reference: policy,
    miniBatches: rows,
    loss: lossWithKl,
    optimizer: {
      ...plainAdam(1e-2),
      schedule: { kind: "cosine", warmupSteps: 1, totalSteps: 6, minLearningRate: 1e-3 },
    },
    packTokens: 512,
    carryOptimizer: true,
    lora: { rank: 2, alpha: 4, targetModules: ["q_proj", "v_proj", "down_proj"], seed: 7 },
    ...change,
  };
}
const update = (parent: ArtifactRef, change: Partial<UpdateRequest> = {}, onProgress = ignore) =>
  engine.update(request(parent, change), onProgress, never);
const manifestOf = async (ref: ArtifactRef) =>
  JSON.parse(readFileSync(join(await artifacts.pathOf(ref), "manifest.json"), "utf8"));
const sample = (ref: ArtifactRef) =>
  engine.sample(
    ref,
    [{ prompt, seeds: [1, 2] }],
    { temperature: 1, topP: 1, maxNewTokens: 40 },
    ignore,
    never,
  );

describe("an update with an adapter", () => {
  it("stores A, B and their moments, and the hash of the weights they add to instead of a copy", async () => {
    const { checkpoint, weightsSha256 } = await update(policy);
    const { base, parent, files } = await manifestOf(checkpoint);
    expect({ base, parent }).toEqual({ base: policy.hash, parent: policy.hash });
    expect(Object.keys(files).sort()).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "config.json",
      "generation_config.json",
      "optimizer.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    expect(files["adapter_model.safetensors"].sha256).toBe(weightsSha256);
    // Two layers of q (64 + 64), v (64 + 32) and down (192 + 64) at rank 2: 1,920 numbers of 103,000.
    expect(files["adapter_model.safetensors"].bytes).toBeLessThan(4 * 1920 + 3000);
  });

  it("goes on with the same adapter, moments and schedule: in one update or three, the same bytes", async () => {
    const whole = await update(policy);
    let parent = policy;
    for (const batch of rows) parent = (await update(parent, { miniBatches: [batch] })).checkpoint;
    const [a, b] = [await manifestOf(whole.checkpoint), await manifestOf(parent)];
    expect(b.base).toBe(policy.hash);
    for (const name of ["adapter_model.safetensors", "optimizer.safetensors"])
      expect(b.files[name], name).toEqual(a.files[name]);
  });

  it("gives the same checkpoint after it was killed in the middle, by another process", async () => {
    const { checkpoint } = await update(policy);
    const next = (await update(checkpoint)).checkpoint;
    const said = await sample(next);
    let ticks = 0;
    const killed = update(checkpoint, {}, () => {
      if (++ticks === 8) process.kill(engine.pid()!, "SIGKILL");
    });
    await expect(killed).rejects.toMatchObject({ type: "EngineFailure" });
    expect((await update(checkpoint)).checkpoint).toEqual(next);
    await engine.close();
    expect(await sample(next)).toEqual(said);
    expect(said).not.toEqual(await sample(policy));
  });

  it("draws a new adapter from another seed, and where the settings are others adds it to the parent", async () => {
    const { checkpoint, weightsSha256 } = await update(policy);
    const lora = { ...request(policy).lora!, seed: 8 };
    expect((await update(policy, { lora })).weightsSha256).not.toBe(weightsSha256);
    const wider = await update(checkpoint, { lora: { ...lora, rank: 3 }, carryOptimizer: false });
    expect((await manifestOf(wider.checkpoint)).base).toBe(checkpoint.hash);
    expect((await sample(wider.checkpoint))[0]).toHaveLength(2);
  });

  it("begins with moments of its own where it is new, and so do weights after it, whatever was carried before", async () => {
    const { checkpoint } = await update(policy);
    for (const lora of [{ ...request(policy).lora!, rank: 3 }, undefined]) {
      const fresh = await update(checkpoint, { lora, carryOptimizer: false });
      const carried = await update(checkpoint, { lora, carryOptimizer: true });
      expect(carried.weightsSha256).toBe(fresh.weightsSha256);
      expect(carried.optimizerSha256).toBe(fresh.optimizerSha256);
    }
  });

  it("is merged where all weights are trained after it", async () => {
    const { checkpoint } = await update(policy);
    const still = { ...request(policy).optimizer, learningRate: 0 };
    const change = { lora: undefined, carryOptimizer: false, optimizer: still };
    const merged = (await update(checkpoint, change)).checkpoint;
    expect((await manifestOf(merged)).base).toBeUndefined();
    expect(await sample(merged)).toEqual(await sample(checkpoint));
  });

  it("fails by the name of what is lost where its weights are gone", async () => {
    const own = await artifacts.stagingFolder();
    await prepareTiny(own, 1);
    const base = await artifacts.adoptFolder("checkpoint", own, { policy: "tiny", parent: null });
    const { checkpoint } = await update(base, { reference: base });
    rmSync(await artifacts.pathOf(base), { recursive: true });
    await expect(update(checkpoint, { reference: policy })).rejects.toMatchObject({
      type: "ArtifactMissing",
      fields: { kind: "checkpoint", hash: base.hash },
    });
  });
});

describe("an export", () => {
  it("of an adapter is a folder with weights of its own, which is a policy to start from", async () => {
    const { checkpoint } = await update(policy);
    const folder = join(home, "whole");
    await exportPolicy(await locatePolicy(artifacts, checkpoint), folder);
    expect(readdirSync(folder).sort()).toEqual([
      "config.json",
      "generation_config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const stored = await artifacts.stagingFolder();
    const { place, texts, tensors } = await readFolderPolicy(folder, undefined);
    expect(tensors.length).toBe((await readWeights(folder)).tensors.size);
    const { writePolicy } = await import("../src/engine/policies/foreign-policy.ts");
    await writePolicy({ place, texts, tensors, optimizer: undefined }, stored);
    const again = await artifacts.adoptFolder("checkpoint", stored, { parent: null });
    expect(await sample(again)).toEqual(await sample(checkpoint));
    await expect(exportPolicy(await locatePolicy(artifacts, checkpoint), folder)).rejects.toThrow(
      "holds 5 files, the first 'config.json'; name one that is new or empty",
    );
  });

  it("that comes to no end leaves nothing behind", async () => {
    const { checkpoint } = await update(policy);
    const [half, folder] = [join(home, "half"), join(home, "unfinished")];
    mkdirSync(half);
    writeFileSync(join(half, adapterFiles[0]!), "");
    const location = { ...(await locatePolicy(artifacts, checkpoint)), folder: half };
    await expect(exportAdapter(location, folder)).rejects.toThrow("ENOENT");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("of the adapter alone has peft's two files; a policy without one has none", async () => {
    const { checkpoint } = await update(policy);
    const folder = join(home, "adapter");
    await exportAdapter(await locatePolicy(artifacts, checkpoint), folder);
    expect(JSON.parse(readFileSync(join(folder, "adapter_config.json"), "utf8"))).toMatchObject({
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      r: 2,
      lora_alpha: 4,
      target_modules: ["q_proj", "v_proj", "down_proj"],
    });
    const header = readFileSync(join(folder, "adapter_model.safetensors"), "latin1");
    expect(header).toContain("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
    await expect(readFolderPolicy(await artifacts.pathOf(checkpoint), undefined)).rejects.toThrow(
      "it holds an adapter and no weights",
    );
    await expect(exportAdapter(await locatePolicy(artifacts, policy), join(home, "none"))).rejects.toThrow(
      "holds weights and no adapter; export it without --adapter",
    );
  });

  it("is a command", async () => {
    const { checkpoint } = await update(policy);
    const folder = join(home, "by-command");
    const environment = { ...process.env, RATCHET_HOME: home, RATCHET_ARTIFACTS: join(home, "artifacts") };
    const run = (...args: string[]) =>
      execFileSync(process.execPath, ["bin/ratchet.mjs", "export", ...args], {
        env: environment,
        encoding: "utf8",
      });
    expect(run(checkpoint.hash, folder)).toBe(`${folder}\n`);
    expect(readdirSync(folder)).toContain("model.safetensors");
  });
});

/**
 * What Ratchet writes, transformers loads: tiny models of each family as policy folders, their weights changed and
 * written as checkpoints. Needs a python3 with torch and transformers (PARITY_PYTHON names another); left out where there is none.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWeights, writeCheckpoint, writeWeights } from "../src/engine/formats/checkpoint.ts";
import { mergeAdapter, newAdapter } from "../src/engine/model/adapter.ts";
import { readFolderPolicy } from "../src/engine/policies/folder-policy.ts";
import { writePolicy } from "../src/engine/policies/foreign-policy.ts";
import { Runtime } from "../src/engine/runtime/session.ts";
import { BlockCache } from "../src/engine/sampling/block-cache.ts";
import { standardLimits } from "../src/engine/sampling/limits.ts";
import { samplingPolicy } from "../src/engine/sampling/policy.ts";
import { sampleShard } from "../src/engine/sampling/sample.ts";
import { createChatCodec } from "../src/engine/tokenizer/codec.ts";
import { familyFolder, familyFolders, familyGoldens, familyWeights } from "./goldens/families.ts";

const python = process.env.PARITY_PYTHON ?? "python3";
const isMissing = (modules: string) => {
  try {
    execFileSync(python, ["-c", `import ${modules}`], { stdio: "ignore" });
    return false;
  } catch {
    return true;
  }
};
const withoutTransformers = isMissing("torch, transformers");

const root = mkdtempSync(join(tmpdir(), "ratchet-export-"));
afterAll(() => rmSync(root, { recursive: true }));

interface Loaded {
  readonly tokens: number[];
  readonly text: string;
  readonly chat: string;
  readonly stops: number[];
}

describe.skipIf(withoutTransformers)("transformers", () => {
  const folders = new Map<string, string>();
  let loaded: Record<string, Loaded>;

  beforeAll(async () => {
    for (const name of familyFolders) {
      const source = mkdtempSync(join(root, "source-"));
      cpSync(familyFolder(name), source, { recursive: true });
      await writeWeights(
        source,
        familyWeights(JSON.parse(readFileSync(join(source, "config.json"), "utf8"))),
      );
      const policy = join(root, name);
      await writePolicy(await readFolderPolicy(source, name === "qwen3" ? false : undefined), policy);
      // A step's worth of change, so that what is loaded is a successor and not a copy.
      const weights = await readWeights(policy);
      weights.arena.forEach((value, i) => {
        weights.arena[i] = Math.fround(value + 0.01 * Math.sin(i));
      });
      const checkpoint = mkdtempSync(join(root, `${name}-`));
      await writeCheckpoint(checkpoint, policy, weights, undefined);
      folders.set(name, checkpoint);
    }
    const wanted = [...folders].map(
      ([name, folder]) =>
        `${folder}=${familyGoldens.folders[name as (typeof familyFolders)[number]].greedy.prompt.join(",")}`,
    );
    const output = execFileSync(python, ["tests/goldens/loads.py", ...wanted], { encoding: "utf8" });
    loaded = JSON.parse(output.trim().split("\n").at(-1)!) as Record<string, Loaded>;
  });

  it.each(familyFolders)(
    "says of a %s checkpoint what the engine says, in the same text and turns",
    async (name) => {
      const folder = folders.get(name)!;
      const { tokens, text, chat, stops } = loaded[folder]!;
      const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 16 });
      const sampler = { runtime, cache: new BlockCache(2 ** 20), limits: standardLimits };
      const policy = samplingPolicy(name, await readWeights(folder), []);
      const requests = [{ prompt: familyGoldens.folders[name].greedy.prompt, seeds: [0] }];
      const options = { temperature: 0, topP: 1, maxNewTokens: 24 };
      const [responses] = await sampleShard(sampler, policy, requests, options, () => {});
      await runtime.release();
      expect(responses![0]!.tokens).toEqual(tokens);
      const codec = await createChatCodec(folder);
      expect(codec.decode(tokens)).toBe(text);
      expect(codec.stopIds).toEqual(stops);
      expect(codec.decode(codec.encodePrompt([{ role: "user", content: "Hi" }], []))).toBe(chat);
    },
  );
});

describe.skipIf(withoutTransformers || isMissing("peft"))("peft", () => {
  it("says with an adapter of ours what transformers and the engine say with the merged weights", async () => {
    const source = mkdtempSync(join(root, "source-"));
    cpSync(familyFolder("qwen2"), source, { recursive: true });
    const weights = familyWeights(JSON.parse(readFileSync(join(source, "config.json"), "utf8")));
    await writeWeights(source, weights);
    const base = join(root, "base");
    await writePolicy(await readFolderPolicy(source, undefined), base);
    const lora = {
      rank: 3,
      alpha: 6,
      targetModules: ["q_proj", "v_proj", "gate_proj", "down_proj"] as const,
    };
    const adapter = newAdapter(weights.config, lora, 1);
    adapter.arena.forEach((value, i) => {
      adapter.arena[i] = Math.fround(value + 0.1 * Math.sin(i));
    });
    const merged = await mergeAdapter(weights, adapter, async () => {});
    const folder = (name: string) => mkdtempSync(join(root, name));
    const [apart, together] = [folder("apart-"), folder("together-")];
    await writeCheckpoint(apart, base, { ...weights, adapter }, undefined);
    await writeCheckpoint(together, base, merged, undefined);
    const { prompt } = familyGoldens.folders.qwen2.greedy;
    const policies = [base, `${base}+${apart}`, together];
    const wanted = policies.map((policy) => `${policy}=${prompt.join(",")}`);
    const output = execFileSync(python, ["tests/goldens/loads.py", ...wanted], { encoding: "utf8" });
    const said = JSON.parse(output.trim().split("\n").at(-1)!) as Record<string, Loaded>;
    const [without, withAdapter, whole] = policies.map((policy) => said[policy]!.tokens);
    expect(withAdapter).toEqual(whole);
    expect(withAdapter).not.toEqual(without);
    const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 16 });
    const sampler = { runtime, cache: new BlockCache(2 ** 20), limits: standardLimits };
    const options = { temperature: 0, topP: 1, maxNewTokens: 24 };
    const policy = samplingPolicy("merged", await readWeights(together), []);
    const [responses] = await sampleShard(sampler, policy, [{ prompt, seeds: [0] }], options, () => {});
    await runtime.release();
    expect(responses![0]!.tokens).toEqual(withAdapter);
  });
});

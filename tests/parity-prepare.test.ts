/** Preparing SmolLM2 when several processes want it, and when its cache was damaged. */
import { linkSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareSmolLM2 } from "../src/engine/policies/smollm2.ts";
import { smolLM2Folder, withoutSmolLM2 } from "./parity-policy.ts";

const gguf = "SmolLM2-135M-Instruct.Q4_1.gguf";
const offline = { offline: true };

describe.skipIf(withoutSmolLM2())("a cache of SmolLM2", () => {
  let cache: string;
  beforeAll(async () => {
    const shared = dirname(await smolLM2Folder());
    cache = mkdtempSync(join(shared, "test-"));
    linkSync(join(shared, gguf), join(cache, gguf));
  });
  afterAll(() => rmSync(cache, { recursive: true }));

  it("is filled once by callers at the same time, from the GGUF file alone, and nothing is left beside it", async () => {
    const folders = await Promise.all([prepareSmolLM2(cache, offline), prepareSmolLM2(cache, offline)]);
    expect(new Set(folders).size).toBe(1);
    expect(readdirSync(cache).sort()).toEqual(["SmolLM2-135M-Instruct", gguf]);
    expect(readdirSync(folders[0]!).sort()).toEqual([
      "config.json",
      "generation_config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
  });

  it("is mended where a file was cut short, and read only where it is whole", async () => {
    const folder = await prepareSmolLM2(cache, offline);
    const weights = join(folder, "model.safetensors");
    truncateSync(weights, 1000);
    expect(await prepareSmolLM2(cache, offline)).toBe(folder);
    const { ino } = statSync(weights);
    await prepareSmolLM2(cache, offline);
    expect(statSync(weights).ino).toBe(ino);
    expect(readdirSync(cache).sort()).toEqual(["SmolLM2-135M-Instruct", gguf]);
  });
});

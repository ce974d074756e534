import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Config, readConfig } from "../config/config.ts";
import { experimentInputSchema } from "../core/experiment/input.ts";
import { knownPolicy } from "./local-policy.ts";
import { requireDisk } from "./needs.ts";

let folder: string;
let config: Config;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ratchet-needs-"));
  config = readConfig({ RATCHET_HOME: folder, RATCHET_CACHE: join(folder, "cache") });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const example = (name: string) =>
  knownPolicy(
    experimentInputSchema.parse(
      JSON.parse(
        readFileSync(fileURLToPath(new URL(`../../temporal/examples/${name}.json`, import.meta.url)), "utf8"),
      ),
    ),
    config.cacheFolder,
  );
const gibibyte = 1024 ** 3;
const withFree = async (name: string, free: number) =>
  requireDisk(config, await example(name), { folder: "/data", bytes: free * gibibyte });
/** A sparse file: its size, none of its bytes. */
function store(path: string, bytes: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  truncateSync(path, bytes);
}

describe("the disk that an experiment needs", () => {
  it("is what full fine-tuning of SmolLM2 keeps, its cache included", async () => {
    await expect(withFree("quickstart", 8.2)).rejects.toMatchObject({
      type: "StorageFull",
      message:
        "8.2 GiB free at /data; policy \"smollm2-135m-instruct\" needs 8.3 GiB for its checkpoints: free some, move RATCHET_ARTIFACTS to a larger disk, or train adapters (field 'training.lora')",
    });
    await withFree("quickstart", 8.4);
  });

  it("is less by what is stored and cached already: a run goes on where it was", async () => {
    store(join(folder, "cache", "policies", "SmolLM2-135M-Instruct", "model.safetensors"), 538e6);
    await withFree("quickstart", 7.7);
    store(join(config.artifactFolder, "checkpoint", "aa", "a".repeat(64), "model.safetensors"), 5e9);
    await withFree("quickstart", 3.1);
  });

  it("is no more than that of any start for the tiny policy", async () => {
    await withFree("tiny", 0);
  });
});

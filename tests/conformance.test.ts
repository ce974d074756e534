/** The trainer contract: the embedded trainer meets it as a program, and the suite finds trainers that do not. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { conformanceFaults, type Trainer } from "./conformance/suite.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-conformance-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cli = fileURLToPath(new URL("../bin/ratchet.mjs", import.meta.url));
const embedded: Trainer = [process.execPath, cli, "update"];

/** The embedded trainer, asked for something other than what the request says, or with its output spoiled. */
function trainerThatChanges(name: string, change: string, spoil = ""): Trainer {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `import { readFileSync, writeFileSync } from "node:fs";
     import { spawnSync } from "node:child_process";
     const request = JSON.parse(readFileSync(process.argv[2], "utf8"));
     ${change};
     writeFileSync(process.argv[2], JSON.stringify(request));
     const { status } = spawnSync(process.execPath, [${JSON.stringify(cli)}, "update", process.argv[2]]);
     ${spoil};
     process.exit(status);`,
  );
  return [process.execPath, file];
}

/** Enough to see a fault of any case's. */
const oneCase = ["policy gradient, tied Llama"];
const torchTrainer: Trainer = [
  process.env.PARITY_PYTHON ?? "python3",
  fileURLToPath(new URL("conformance/torch_trainer.py", import.meta.url)),
];
const withoutTorch =
  spawnSync(torchTrainer[0], ["-c", "import torch, transformers, safetensors"]).status !== 0;

describe("the conformance suite", () => {
  it("finds nothing wrong with the embedded trainer", async () => {
    expect(await conformanceFaults(embedded, join(folder, "embedded"))).toEqual([]);
  });

  it.skipIf(withoutTorch)("finds nothing wrong with another trainer, in PyTorch", async () => {
    expect(await conformanceFaults(torchTrainer, join(folder, "torch"))).toEqual([]);
  });

  it("finds a trainer that clips otherwise, by its metrics and weights", async () => {
    const trainer = trainerThatChanges("clip", "request.optimizer.maxGradientNorm *= 2");
    const faults = await conformanceFaults(trainer, join(folder, "clip"), oneCase);
    expect(faults.some((fault) => fault.includes("metrics.json: loss is "))).toBe(true);
    expect(faults.some((fault) => fault.includes("weights of model.layers.0."))).toBe(true);
  });

  it("finds a trainer that forgets the optimizer between updates", async () => {
    const trainer = trainerThatChanges("forgets", "request.carryOptimizer = false");
    const faults = await conformanceFaults(trainer, join(folder, "forgets"), oneCase);
    expect(faults).toContain(
      "policy gradient, tied Llama: one step, then two that carry on: optimizer.safetensors says 2 steps and not 3",
    );
  });

  it("finds a trainer that takes no notice of a schedule", async () => {
    const trainer = trainerThatChanges("constant", "delete request.optimizer.schedule");
    const supervised = "supervised, warm-up and cosine";
    const faults = await conformanceFaults(trainer, join(folder, "constant"), [supervised]);
    expect(
      faults.some((fault) => fault.startsWith(`${supervised}: three steps in one update: weights of`)),
    ).toBe(true);
  });

  it("finds a trainer that scales an adapter otherwise", async () => {
    const adapter = "policy gradient, an adapter";
    const trainer = trainerThatChanges("scales", "request.lora.alpha *= 2");
    const faults = await conformanceFaults(trainer, join(folder, "scales"), [adapter]);
    expect(
      faults.some((fault) =>
        fault.startsWith(
          `${adapter}: three steps in one update: weights of model.layers.0.self_attn.q_proj.lora_`,
        ),
      ),
    ).toBe(true);
  });

  it("finds a trainer that writes nothing, and says which files are missing", async () => {
    const faults = await conformanceFaults([process.execPath, "-e", "0"], join(folder, "nothing"), oneCase);
    const begin = "policy gradient, tied Llama: three steps in one update: ";
    expect(faults).toContain(`${begin}tokenizer.json is missing`);
    for (const file of ["metrics.json", "config.json"])
      expect(faults.some((fault) => fault.startsWith(begin) && fault.includes(join("output", file)))).toBe(
        true,
      );
  });

  it("finds a trainer that writes weights that are no numbers, no metrics, or small files anew", async () => {
    const spoil = `
      const weights = request.output + "/model.safetensors";
      const bytes = readFileSync(weights);
      bytes.fill(255, bytes.length - 4);
      writeFileSync(weights, bytes);
      writeFileSync(request.output + "/metrics.json", '{"loss": NaN}');
      writeFileSync(request.output + "/tokenizer.json", '{"file": "tokenizer.json"}')`;
    const trainer = trainerThatChanges("spoils", "", spoil);
    const faults = await conformanceFaults(trainer, join(folder, "spoils"), oneCase);
    const begin = "policy gradient, tied Llama: three steps in one update: ";
    expect(faults).toContain(`${begin}tokenizer.json is not the parent's, byte for byte`);
    expect(faults.some((fault) => fault.startsWith(begin) && fault.includes("holds NaN at element"))).toBe(
      true,
    );
    expect(faults.some((fault) => fault.startsWith(begin) && fault.includes("not valid JSON"))).toBe(true);
  });

  it("finds a trainer that ends with an error", async () => {
    const faults = await conformanceFaults(
      [process.execPath, "-e", "process.exit(7)"],
      join(folder, "ends"),
      oneCase,
    );
    expect(faults[0]).toContain("the trainer ended with 7");
  });
});

describe("ratchet update", () => {
  it("refuses a request that it cannot read, by its field", () => {
    const file = join(folder, "request.json");
    writeFileSync(file, JSON.stringify({ contract: "ratchet.update.v9" }));
    const { status, stderr } = spawnSync(process.execPath, [cli, "update", file], { encoding: "utf8" });
    expect(status).toBe(2);
    expect(stderr).toContain(`request ${file}: field 'contract' = "ratchet.update.v9"`);
    expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(3);
  });
});

/** Adapters of PEFT that this engine would compute otherwise are refused by the field that says so. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { familyFolder } from "../../../tests/goldens/families.ts";
import { newAdapter } from "../model/adapter.ts";
import { parseLlamaConfig } from "../model/config.ts";
import { readAdapter, writeAdapter } from "./adapter-file.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-adapter-"));
afterAll(() => rmSync(folder, { recursive: true }));
const config = parseLlamaConfig(JSON.parse(readFileSync(join(familyFolder("qwen2"), "config.json"), "utf8")));
const adapter = newAdapter(config, { rank: 2, alpha: 4, targetModules: ["q_proj", "down_proj"] }, 1);
beforeAll(() => writeAdapter(folder, adapter));

const file = join(folder, "adapter_config.json");
const withField = (field: string, value: unknown) => {
  const written = JSON.parse(readFileSync(file, "utf8")) as object;
  writeFileSync(file, JSON.stringify({ ...written, [field]: value }));
  return readAdapter(folder, config).finally(() => writeFileSync(file, JSON.stringify(written)));
};

describe("an adapter's configuration", () => {
  it("may name what peft writes and leaves empty", async () => {
    for (const [field, value] of [
      ["alpha_pattern", {}],
      ["rank_pattern", {}],
      ["layers_to_transform", null],
      ["exclude_modules", null],
      ["target_parameters", null],
      ["lora_dropout", 0.1],
      ["alora_invocation_tokens", null],
      ["loftq_config", {}],
      ["qalora_group_size", 16],
      ["init_lora_weights", "gaussian"],
      ["a_field_of_a_later_peft", false],
    ] as const)
      expect((await withField(field, value)).arena).toEqual(adapter.arena);
  });

  it.each([
    ["alpha_pattern", { q_proj: 16 }],
    ["rank_pattern", { "layers.0.q_proj": 4 }],
    ["layers_to_transform", [0]],
    ["layer_replication", [[0, 1]]],
    ["fan_in_fan_out", true],
    ["use_dora", true],
    ["use_rslora", true],
    ["lora_bias", true],
    ["modules_to_save", ["lm_head"]],
    ["bias", "all"],
    ["target_modules", "all-linear"],
    // Of these the base is no longer what the adapter adds to, or not for every token.
    ["init_lora_weights", "pissa_niter_4"],
    ["alora_invocation_tokens", [5]],
    ["use_qalora", true],
    ["a_field_of_a_later_peft", "loud"],
  ])("is refused where '%s' asks for another computation", async (field, value) => {
    await expect(withField(field, value)).rejects.toMatchObject({
      type: "ModelUnreadable",
      message: expect.stringContaining(`${file}: '${field}' is not of an adapter that Ratchet trains`),
    });
  });

  it("comes with values that are finite", async () => {
    const broken = newAdapter(config, adapter.settings, 1);
    broken.arena[3] = Number.NaN;
    await writeAdapter(folder, broken);
    await expect(readAdapter(folder, config)).rejects.toThrow(
      "tensor 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight' holds NaN at element 3",
    );
  });
});

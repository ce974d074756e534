/**
 * An adapter as PEFT keeps it: `adapter_model.safetensors` and `adapter_config.json`. Which weights it adds to is not in
 * them: that is the business of whoever stores the folder.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { FileDigest } from "../../core/ports/artifacts.ts";
import { adaptableProjections } from "../../core/ports/policy.ts";
import { emptyAdapter } from "../model/adapter.ts";
import type { LlamaConfig } from "../model/config.ts";
import type { Adapter } from "../model/weights.ts";
import { requireFinite } from "./finite.ts";
import { readJson } from "./json-text.ts";
import { placeIn, requireAll, sourcesOf } from "./parameter-tensors.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { unreadable } from "./unreadable.ts";

export const adapterFile = "adapter_model.safetensors";
const configFile = "adapter_config.json";
export const adapterFiles = [adapterFile, configFile];
/** What PEFT puts before a parameter's name. */
const prefix = "base_model.model.";

/** Absent, null, false or empty: a setting that asks for nothing. */
const nothing = z
  .custom(
    (value) =>
      value == null || value === false || (typeof value === "object" && Object.keys(value).length === 0),
    { error: "it must be empty" },
  )
  .optional();
/** Of how an adapter came to be or where it belongs; what it computes, its matrices and scale say without it. */
const anything = z.unknown().optional();

/** The fields that decide what an adapter computes; one that means another computation, or that is not known, is refused. */
const adapterConfig = z
  .object({
    peft_type: z.literal("LORA"),
    r: z.int().positive().max(4096),
    lora_alpha: z.number().positive(),
    target_modules: z.array(z.enum(adaptableProjections)).min(1),
    bias: z.literal("none").default("none"),
    // The others take a part of the weights away that the adapter begins with, and would be added to the wrong ones.
    init_lora_weights: z.union([z.boolean(), z.enum(["gaussian", "eva", "orthogonal"])]).optional(),
    auto_mapping: anything,
    base_model_name_or_path: anything,
    ensure_weight_tying: anything,
    eva_config: anything,
    inference_mode: anything,
    layers_pattern: anything,
    lora_dropout: anything,
    megatron_core: anything,
    peft_version: anything,
    qalora_group_size: anything,
    revision: anything,
    task_type: anything,
  })
  .catchall(nothing);

/** Writes both files into an existing folder and gives the digest of the tensors'. */
export async function writeAdapter(folder: string, adapter: Adapter): Promise<FileDigest> {
  const { rank, alpha, targetModules } = adapter.settings;
  const config = {
    base_model_name_or_path: null,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: alpha,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: "LORA",
    r: rank,
    target_modules: adaptableProjections.filter((name) => targetModules.includes(name)),
    task_type: "CAUSAL_LM",
    use_dora: false,
    use_rslora: false,
  };
  await writeFile(join(folder, configFile), `${JSON.stringify(config, null, 2)}\n`, { flush: true });
  return writeSafetensors(join(folder, adapterFile), sourcesOf(adapter, prefix));
}

/** Throws ModelUnreadable. */
export async function readAdapter(folder: string, config: LlamaConfig): Promise<Adapter> {
  const { r, lora_alpha, target_modules } = await readConfig(join(folder, configFile));
  const adapter = emptyAdapter(config, { rank: r, alpha: lora_alpha, targetModules: target_modules });
  const file = join(folder, adapterFile);
  const found = await readSafetensors(file, placeIn(file, adapter, prefix, configFile));
  requireAll(file, adapter.tensors.keys(), prefix, found);
  for (const [name, { data }] of found) requireFinite(file, name, data);
  return adapter;
}

async function readConfig(file: string): Promise<z.infer<typeof adapterConfig>> {
  const parsed = adapterConfig.safeParse(await readJson(file));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(
    file,
    `'${issue?.path.join(".")}' is not of an adapter that Ratchet trains: ${issue?.message}`,
  );
}

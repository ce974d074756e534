/** The updates that a conforming trainer does: those of `conformance.py`, the one of `llama.py`, and peft's of `lora.py`. */
import type { LoraSettings } from "../../src/core/ports/policy.ts";
import json from "./fixtures/conformance.json" with { type: "json" };
import { llamaGoldens, type UpdateGolden } from "./llama.ts";
import { loraGoldens } from "./lora.ts";

/** Without a reference where the loss has no KL term. */
export type ConformanceCase = Omit<UpdateGolden, "reference"> & {
  readonly reference: UpdateGolden["reference"] | null;
  /** An adapter to go on with; then `weights` are the base's, which stay, and `after` is the adapter's. */
  readonly adapter?: { readonly lora: LoraSettings; readonly before: UpdateGolden["weights"] };
};

const { update } = llamaGoldens;
const { lora, before, after, metrics, optimizer } = loraGoldens.adapter;
const config = { ...update.config, architectures: ["LlamaForCausalLM"] };

/** By what each asks for. */
export const conformanceCases: Readonly<Record<string, ConformanceCase>> = {
  "policy gradient, tied Llama": { ...update, config },
  "policy gradient, an adapter": {
    ...update,
    config,
    adapter: { lora, before },
    after,
    metrics,
    optimizer,
  },
  ...(json as unknown as Record<string, ConformanceCase>),
};

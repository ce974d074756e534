/** The updates that a conforming trainer does: those of `conformance.py`, and the one of `llama.py`. */
import json from "./fixtures/conformance.json" with { type: "json" };
import { llamaGoldens, type UpdateGolden } from "./llama.ts";

/** Without a reference where the loss has no KL term. */
export type ConformanceCase = Omit<UpdateGolden, "reference"> & {
  readonly reference: UpdateGolden["reference"] | null;
};

const { update } = llamaGoldens;
const config = { ...update.config, architectures: ["LlamaForCausalLM"] };

/** By what each asks for. */
export const conformanceCases: Readonly<Record<string, ConformanceCase>> = {
  "policy gradient, tied Llama": { ...update, config },
  ...(json as unknown as Record<string, ConformanceCase>),
};

/**
 * What a GGUF file's metadata says of rotary embeddings and attention beyond sizes: mapped where this engine computes the
 * same, refused by key where it does not. A key that is not known here may change the computation, and is refused too.
 * Source: llama.cpp, src/llama-arch.cpp (names), src/llama-model.cpp (defaults) and ggml's rope_yarn.
 */
import type { Gguf, GgufValue } from "./gguf.ts";
import { unreadable } from "./unreadable.ts";

/** A float32 as the shortest decimal that was meant: 1e-5 and not 9.999999747378752e-6. */
export const asWritten = (value: number) => Number(value.toPrecision(7));

/** Read elsewhere, or without a say in what is computed. */
const harmless = [
  "attention.head_count",
  "attention.head_count_kv",
  "attention.key_length",
  "attention.layer_norm_rms_epsilon",
  "rope.dimension_count",
  "rope.freq_base",
  "rope.scaling.finetuned",
];
const ropeKeys = [
  "rope.scale_linear",
  "rope.scaling.type",
  "rope.scaling.factor",
  "rope.scaling.original_context_length",
  "rope.scaling.attn_factor",
  "rope.scaling.yarn_attn_factor",
  "rope.scaling.yarn_ext_factor",
  "rope.scaling.yarn_beta_fast",
  "rope.scaling.yarn_beta_slow",
];

/** Keys that must have the one value with which attention is what this engine computes. */
export function refuseOtherAttention({ file, metadata }: Gguf, family: string, headSize: number): void {
  const allowed: Readonly<Record<string, (value: GgufValue) => boolean>> = {
    "attention.value_length": (value) => value === headSize,
    "attention.causal": (value) => value === true,
    // 0 is off; a window as long as the context hides nothing.
    "attention.sliding_window": (value) =>
      value === 0 || Number(value) >= Number(metadata.get(`${family}.context_length`)),
    // 0 stands for the usual scale.
    "attention.scale": (value) => value === 0 || Math.abs(Number(value) * Math.sqrt(headSize) - 1) < 1e-5,
  };
  const known = new Set([...harmless, ...ropeKeys]);
  for (const [key, value] of metadata) {
    const name = key.startsWith(`${family}.`) ? key.slice(family.length + 1) : "";
    if (!/^(?:rope|attention)\./.test(name) || known.has(name)) continue;
    if (Object.hasOwn(allowed, name) && allowed[name]!(value)) continue;
    throw unreadable(
      file,
      `its metadata '${key}' is ${typeof value === "object" ? "a list" : value}, which asks for attention that is not computed here`,
      { key },
    );
  }
}

/** `rope_scaling` of the kinds that llama.cpp names; undefined where nothing is scaled. */
export function ggufRopeScaling({ file, metadata }: Gguf, family: string): object | undefined {
  const get = (name: string) => {
    const value = metadata.get(`${family}.rope.${name}`);
    if (value === undefined || typeof value === "number") return value;
    throw unreadable(file, `its metadata '${family}.rope.${name}' is no number`, { name });
  };
  // llama.cpp scales linearly where no kind is named; early files have the factor under another name.
  const kind = metadata.get(`${family}.rope.scaling.type`) ?? "linear";
  const factor = get("scaling.factor") ?? get("scale_linear");
  const magnitude = (get("scaling.attn_factor") ?? 1) * (get("scaling.yarn_attn_factor") ?? 1);
  const extrapolation = get("scaling.yarn_ext_factor");
  const refuse = (what: string) =>
    unreadable(
      file,
      `its rotary embeddings are scaled by '${kind}' with ${what}, which is not computed here`,
    );
  switch (kind) {
    case "none":
    case "linear":
      if (magnitude !== 1) throw refuse(`attn_factor ${magnitude}`);
      return kind === "none" || !factor || factor === 1
        ? undefined
        : { rope_type: kind, factor: asWritten(factor) };
    case "yarn": {
      if (!factor) throw refuse(`factor ${factor}`);
      // Below 0 llama.cpp takes its own, which is 1 for yarn.
      if (extrapolation !== undefined && extrapolation >= 0 && extrapolation !== 1)
        throw refuse(`yarn_ext_factor ${extrapolation}`);
      const original = get("scaling.original_context_length");
      const [fast, slow] = [get("scaling.yarn_beta_fast"), get("scaling.yarn_beta_slow")];
      return {
        rope_type: kind,
        factor: asWritten(factor),
        ...(original !== undefined && { original_max_position_embeddings: original }),
        ...(magnitude !== 1 && {
          attention_factor: asWritten(magnitude * (factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1)),
        }),
        ...(fast !== undefined && { beta_fast: asWritten(fast) }),
        ...(slow !== undefined && { beta_slow: asWritten(slow) }),
      };
    }
    default:
      throw unreadable(
        file,
        `it scales its rotary embeddings by '${kind}' and factor ${factor}, known are linear and yarn with a factor`,
      );
  }
}

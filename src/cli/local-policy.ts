/** A policy as far as it is known before anything starts: one of the person's own is checked, but for its values. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { RatchetError } from "../core/errors.ts";
import type { ExperimentInput } from "../core/experiment/input.ts";
import type { ForeignPolicy } from "../engine/policies/foreign-policy.ts";
import { type PolicySource, parsePolicySource } from "../engine/policies/source.ts";

export interface KnownPolicy {
  /** The input with a path made absolute, as workers run elsewhere. */
  readonly input: ExperimentInput;
  /** Tokens of a prompt and its response together; undefined where only the Hub knows. */
  readonly contextTokens: number | undefined;
  /** In float32, as checkpoints keep them; undefined where only the Hub knows. */
  readonly weightsBytes: number | undefined;
}

/** Of the policies that are pinned, hashes and all. */
const pinned = {
  tiny: { contextTokens: 4_096, weightsBytes: 523_000 },
  smollm2: { contextTokens: 8_192, weightsBytes: 538_100_000 },
} as const;

/**
 * Throws InvalidInput where there is nothing at the path, ModelUnreadable where what is there is truncated, of an unknown
 * architecture or without a tokenizer.
 */
export async function knownPolicy(input: ExperimentInput): Promise<KnownPolicy> {
  const source = parsePolicySource(input.policy);
  if (source.kind === "tiny" || source.kind === "smollm2") return { input, ...pinned[source.kind] };
  if (source.kind === "hub") return { input, contextTokens: undefined, weightsBytes: undefined };
  const path = source.kind === "folder" ? source.folder : source.file;
  const absolute = resolve(path);
  if (!existsSync(absolute))
    throw new RatchetError(
      "InvalidInput",
      `field 'policy' = "${input.policy}": there is no folder or file ${absolute}; give tiny, smollm2-135m-instruct, hf:org/name@revision, or the path of a Hugging Face folder or .gguf file`,
      { field: "policy", value: input.policy },
    );
  const { texts, tensors } = await read(source, absolute);
  const { parseLlamaConfig } = await import("../engine/model/config.ts");
  const { contextTokens } = parseLlamaConfig(JSON.parse(texts.get("config.json")!), absolute);
  const values = tensors.reduce(
    (sum, { shape }) => sum + shape.reduce((size, length) => size * length, 1),
    0,
  );
  return {
    input: { ...input, policy: absolute + input.policy.slice(path.length) },
    contextTokens,
    weightsBytes: values * Float32Array.BYTES_PER_ELEMENT,
  };
}

async function read(
  source: Extract<PolicySource, { kind: "gguf" | "folder" }>,
  path: string,
): Promise<ForeignPolicy> {
  if (source.kind === "gguf") {
    const { readGgufPolicy } = await import("../engine/policies/gguf-policy.ts");
    return readGgufPolicy(path, source.reasoning);
  }
  const { readFolderPolicy } = await import("../engine/policies/folder-policy.ts");
  return readFolderPolicy(path, source.reasoning);
}

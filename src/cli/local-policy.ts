/** A policy of the person's own, a folder or a GGUF file: found and checked, but for its values, before anything starts. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { RatchetError } from "../core/errors.ts";
import type { ExperimentInput } from "../core/experiment/input.ts";
import { type PolicySource, parsePolicySource } from "../engine/policies/source.ts";

/**
 * The input with the path made absolute, as workers run elsewhere. Throws InvalidInput where there is nothing at the path,
 * ModelUnreadable where what is there is truncated, of an unknown architecture or without a tokenizer.
 */
export async function withLocalPolicy(input: ExperimentInput): Promise<ExperimentInput> {
  const source = parsePolicySource(input.policy);
  const path = pathOf(source);
  if (path === undefined) return input;
  const absolute = resolve(path);
  if (!existsSync(absolute))
    throw new RatchetError(
      "InvalidInput",
      `field 'policy' = "${input.policy}": there is no folder or file ${absolute}; give tiny, smollm2-135m-instruct, hf:org/name@revision, or the path of a Hugging Face folder or .gguf file`,
      { field: "policy", value: input.policy },
    );
  await check(source, absolute);
  return { ...input, policy: absolute + input.policy.slice(path.length) };
}

function pathOf(source: PolicySource): string | undefined {
  if (source.kind === "folder") return source.folder;
  return source.kind === "gguf" ? source.file : undefined;
}

async function check(source: PolicySource, path: string): Promise<void> {
  if (source.kind === "gguf") {
    const { readGgufPolicy } = await import("../engine/policies/gguf-policy.ts");
    await readGgufPolicy(path, source.reasoning);
  } else if (source.kind === "folder") {
    const { readFolderPolicy } = await import("../engine/policies/folder-policy.ts");
    await readFolderPolicy(path, source.reasoning);
  }
}

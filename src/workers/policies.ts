/** Names of policies and where they come from; each ends as a checkpoint in the artifact store. */
import { access, cp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import type { ArtifactRef, ArtifactStore } from "../core/ports/artifacts.ts";
import { storageFailure } from "../core/storage-failure.ts";
import { readFolderPolicy } from "../engine/policies/folder-policy.ts";
import { writePolicy } from "../engine/policies/foreign-policy.ts";
import { readGgufPolicy } from "../engine/policies/gguf-policy.ts";
import { commitOf, fetchFromHub, hubOptions } from "../engine/policies/hub.ts";
import { prepareSmolLM2 } from "../engine/policies/smollm2.ts";
import { type PolicySource, parsePolicySource } from "../engine/policies/source.ts";
import { prepareTiny } from "../engine/policies/tiny.ts";

/** The tiny policy's initial weights are drawn from this seed, the same for every run. */
const tinySeed = 0;

export function policyPreparer(artifacts: ArtifactStore, config: Config) {
  /** Two runs that want the same policy at once wait for one download. */
  const underWay = new Map<string, Promise<ArtifactRef>>();
  return (source: string): Promise<ArtifactRef> => {
    const begun = underWay.get(source) ?? prepare(artifacts, config, source);
    underWay.set(source, begun);
    const forget = () => void underWay.delete(source);
    begun.then(forget, forget);
    return begun;
  };
}

/** A branch or tag of the Hub, as the commit that it is now; any other source as it is. */
export function policyPinner(config: Config) {
  return async (text: string): Promise<string> => {
    const source = parsePolicySource(text);
    if (source.kind !== "hub") return text;
    const sha = await commitOf(source, config.cacheFolder, hubOptions(config.environment, config.offline));
    const reasoning = source.reasoning === undefined ? "" : `?reasoning=${source.reasoning ? "on" : "off"}`;
    return `hf:${source.repository}@${sha}${reasoning}`;
  };
}

async function prepare(artifacts: ArtifactStore, config: Config, text: string): Promise<ArtifactRef> {
  const source = parsePolicySource(text);
  const staging = await artifacts.stagingFolder();
  try {
    await writeInto(staging, source, config, text);
    return await artifacts.adoptFolder("checkpoint", staging, { policy: text, parent: null });
  } catch (error) {
    // A part of a policy may be gigabytes, and the next attempt writes its own.
    await rm(staging, { recursive: true, force: true });
    throw storageFailure(error, `prepare policy "${text}" in ${staging}`);
  }
}

async function writeInto(staging: string, source: PolicySource, config: Config, text: string): Promise<void> {
  switch (source.kind) {
    case "tiny":
      await prepareTiny(staging, tinySeed);
      break;
    case "smollm2": {
      const folder = await prepareSmolLM2(join(config.cacheFolder, "policies"), config);
      await cp(folder, staging, { recursive: true });
      break;
    }
    case "hub": {
      const folder = await fetchFromHub(
        source,
        config.cacheFolder,
        hubOptions(config.environment, config.offline),
      );
      await writePolicy(await readFolderPolicy(folder, source.reasoning), staging);
      break;
    }
    case "gguf":
      await requirePath(text, source.file);
      await writePolicy(await readGgufPolicy(source.file, source.reasoning), staging);
      break;
    case "folder":
      await requirePath(text, source.folder);
      await writePolicy(await readFolderPolicy(source.folder, source.reasoning), staging);
  }
}

async function requirePath(text: string, path: string): Promise<void> {
  try {
    await access(path);
  } catch (error) {
    throw new RatchetError(
      "InvalidInput",
      `field 'policy' = "${text}" is no policy: there is nothing to read at ${path}; expected tiny, smollm2-135m-instruct, hf:org/name@revision, a .gguf file or a Hugging Face folder; correct the path`,
      { field: "policy", value: text },
      error,
    );
  }
}

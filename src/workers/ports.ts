/** What workers of both kinds construct: the store, and the policies and environment sets they keep at hand. */
import type { EnvironmentSet } from "../core/environment/environment.ts";
import { loadSet } from "../core/environment/stored-set.ts";
import type { ArtifactRef, ArtifactStore } from "../core/ports/artifacts.ts";
import { isUnreadable } from "../engine/runtime/locate.ts";
import { codecFiles, createChatCodec } from "../engine/tokenizer/codec.ts";

/** Remembers the last few results by content hash; a failed attempt is forgotten. */
export function remember<T>(
  most: number,
  load: (ref: ArtifactRef) => Promise<T>,
): (ref: ArtifactRef) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (ref) => {
    const found = known.get(ref.hash) ?? load(ref);
    known.delete(ref.hash);
    known.set(ref.hash, found);
    if (known.size > most) known.delete(known.keys().next().value!);
    found.catch(() => known.delete(ref.hash));
    return found;
  };
}

export const environmentSets = (artifacts: ArtifactStore) =>
  remember<EnvironmentSet>(4, (ref) => loadSet(artifacts, ref));

/** Of 1.6 GB of a checkpoint they take 1.6 MB; the weights are verified by the engine, which reads them. */
export const codecs = (artifacts: ArtifactStore) =>
  remember(4, async (ref) =>
    createChatCodec(await artifacts.pathOf(ref, codecFiles)).catch(async (error: unknown) => {
      if (isUnreadable(error)) await artifacts.verifyAgain(ref);
      throw error;
    }),
  );

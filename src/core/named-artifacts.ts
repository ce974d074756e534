/** The artifacts that a result names, wherever in it they stand. */
import { isHash } from "./hash.ts";
import type { Json } from "./json.ts";
import type { ArtifactRef } from "./ports/artifacts.ts";

/** In the order they stand; what has a kind, a sha256 and a length is a reference. */
export function artifactsIn(value: Json): ArtifactRef[] {
  if (value === null || typeof value !== "object") return [];
  const { kind, hash, bytes } = value as { readonly [name: string]: Json };
  if (typeof kind === "string" && typeof hash === "string" && isHash(hash) && typeof bytes === "number")
    return [{ kind, hash, bytes }];
  return Object.values(value).flatMap(artifactsIn);
}

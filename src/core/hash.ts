/** Content hashes and seeds: pure functions of what they name, the same on every machine. */
import { createHash } from "node:crypto";
import { canonicalJson } from "./json.ts";

/** Lower-case hexadecimal SHA-256 of bytes or of UTF-8 text. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

export const hashPattern = /^[0-9a-f]{64}$/;

/** Whether a text names content, and is no name that a person gave. */
export const isHash = (text: string): boolean => hashPattern.test(text);

/** SHA-256 of a JSON value's canonical text. */
export function contentHash(value: unknown): string {
  return sha256(canonicalJson(value));
}

/**
 * A 32-bit seed from what it is for, e.g. `seedOf(input.seed, "sample", iteration, environmentHash, sampleIndex)`.
 * Never pass a run id, workflow id, attempt or time: the same work must draw the same numbers when it is done again.
 */
export function seedOf(...parts: readonly (string | number)[]): number {
  return Number.parseInt(contentHash(parts).slice(0, 8), 16);
}

/** What a person is shown of a hash: 12 digits, unique among millions. */
export const shortHash = (hash: string): string => hash.slice(0, 12);

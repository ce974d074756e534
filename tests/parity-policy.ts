/** SmolLM2 for the parity tests: prepared once in a folder that all checkouts of these dependencies share. */
import { readFileSync } from "node:fs";
import { prepareSmolLM2 } from "../src/engine/policies/smollm2.ts";

const cacheFolder = "node_modules/.cache/ratchet";

/** Whether the tests that need the real model are left out; RATCHET_OFFLINE=1 does it, and is an error in CI. */
export function withoutSmolLM2(): boolean {
  const offline = process.env.RATCHET_OFFLINE === "1";
  if (offline && process.env.CI === "true")
    throw new Error("RATCHET_OFFLINE=1 would skip the parity tests; CI must run them");
  return offline;
}

export function smolLM2Folder(): Promise<string> {
  return prepareSmolLM2(cacheFolder, { offline: false });
}

/** One of the goldens that tests/goldens/smollm2.py made. */
export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(`tests/goldens/fixtures/${name}`, "utf8")) as T;
}

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readConfig } from "../config/config.ts";
import type { ArtifactStore } from "../core/ports/artifacts.ts";
import { policyPreparer } from "./policies.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-policies-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Prepares a policy in a store that has this to say when it is to take it. */
const prepared = (staging: string, source: string, adopt: () => Promise<never>) => {
  const store = { stagingFolder: async () => staging, adoptFolder: adopt } as unknown as ArtifactStore;
  return policyPreparer(store, readConfig({ RATCHET_HOME: folder }))(source);
};
const stagingIn = () => mkdtempSync(join(folder, "staging-"));

it("a policy that cannot be stored, or is none, leaves nothing in staging and says why", async () => {
  const full = stagingIn();
  const noSpace = () => Promise.reject(Object.assign(new Error("write"), { code: "ENOSPC" }));
  await expect(prepared(full, "tiny", noSpace)).rejects.toMatchObject({
    type: "StorageFull",
    message: expect.stringContaining(`no space left to prepare policy "tiny" in ${full} (ENOSPC)`),
  });
  expect(existsSync(full)).toBe(false);

  const none = stagingIn();
  const missing = join(folder, "nowhere.gguf");
  await expect(prepared(none, missing, noSpace)).rejects.toMatchObject({ type: "InvalidInput" });
  expect(existsSync(none)).toBe(false);
});

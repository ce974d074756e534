/** The gates against defects planted by code that they do not know: a small sample of `npx ratchet env audit`. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Audit } from "../src/core/audit/audit.ts";

const cli = fileURLToPath(new URL("../bin/ratchet.mjs", import.meta.url));
const audit = (...args: string[]) =>
  spawnSync(process.execPath, [cli, "env", "audit", ...args], { encoding: "utf8", maxBuffer: 2 ** 26 });

describe("ratchet env audit", () => {
  it("plants at least twelve kinds of defect, of which the gates let none through, and refuses nothing harmless", () => {
    const { status, stdout, stderr } = audit("--per-kind", "6", "--seed", "5", "--json");
    expect(status, stderr).toBe(0);
    const { defects, rewrites, gates } = JSON.parse(stdout) as Audit;
    expect(defects.length).toBeGreaterThanOrEqual(12);
    for (const { kind, n, caught } of defects) expect([kind, n, caught]).toEqual([kind, 6, 6]);
    for (const { kind, n, refused } of rewrites) expect([kind, n, refused]).toEqual([kind, 6, 0]);
    // Every gate has defects of its own.
    const idle = gates.filter(({ defects: own }) => own === 0).map(({ gate }) => gate);
    expect(idle).toEqual([]);
  });

  it("refuses a count that is none", () => {
    const { status, stderr } = audit("--per-kind", "few");
    expect(status).toBe(2);
    expect(stderr).toBe(
      "ratchet: --per-kind 'few' is no whole number from 1 to 10000; give one, or leave the option out\n",
    );
  });

  it("refuses a profile that is none", () => {
    const { status, stderr } = audit("--profile", "large");
    expect(status).toBe(2);
    expect(stderr).toContain("Allowed choices are compact, ftrl");
  });
});

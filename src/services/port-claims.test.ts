import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createPortClaims } from "./port-claims.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-claims-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("a port is its claimant's while that lives, then its home's while the record names it, then anybody's", () => {
  const recorded: Record<string, readonly number[]> = {};
  const claimsOf = (home: string) => createPortClaims(folder, home, (other) => recorded[other] ?? []);
  const [first, second] = [claimsOf("first"), claimsOf("second")];
  expect([first(7233), first(7233), second(7233), second(8233)]).toEqual([true, true, false, true]);
  writeFileSync(
    join(folder, "7233"),
    JSON.stringify({ home: "first", pid: process.pid, startTime: "another" }),
  );
  recorded.first = [7233];
  expect([second(7233), first(7233)]).toEqual([false, true]);
  recorded.first = [];
  expect([second(7233), first(7233)]).toEqual([true, false]);
  expect(readdirSync(folder).sort()).toEqual(["7233", "8233"]);
});

it("a port that is claimed by what nobody can read is another's", () => {
  writeFileSync(join(folder, "9464"), "{");
  expect(createPortClaims(folder, "first", () => [])(9464)).toBe(false);
});

it("where nothing can be written, a free port is free to take", () => {
  writeFileSync(join(folder, "no-folder"), "");
  expect(createPortClaims(join(folder, "no-folder"), "first", () => [])(7233)).toBe(true);
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { disownLock } from "./postgres-lock.ts";
import { findProcess } from "./processes.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ratchet-lock-"));
  mkdirSync(join(folder, "data"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lock = () => join(folder, "data", "postmaster.pid");
function disowned(pid: number | string): string {
  writeFileSync(lock(), `${pid}\n/data\n1795832921\n5432\n`);
  disownLock(folder);
  return readFileSync(lock(), "utf8");
}
const asOurs = `${process.pid}\n/data\n1795832921\n5432\n`;

it("a pid that another program has by now becomes the parent's", () => {
  expect(disowned(process.ppid)).toBe(asOurs);
});

it("so does that of a dead postmaster whom nobody has buried", async () => {
  // The shell becomes a program that waits for no child, so its own stays dead and unburied.
  const negligent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 60"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(negligent.stdout, "data")) as [Buffer];
  await expect.poll(() => findProcess(Number(said))).toBeUndefined();
  try {
    expect(disowned(Number(said))).toBe(asOurs);
  } finally {
    negligent.kill("SIGKILL");
  }
});

it("so does that of a lock that a power cut left empty, which Postgres would refuse", () => {
  expect(disowned("")).toBe(asOurs);
});

it("a lock whose pid nobody has stays as it is", () => {
  expect(disowned(2 ** 22 + 1)).toBe(`${2 ** 22 + 1}\n/data\n1795832921\n5432\n`);
});

/** A supervisor that is killed while it makes its Postgres's data folder leaves the program that makes it. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readConfig } from "../src/config/config.ts";
import { runningEndpoints } from "../src/services/endpoints.ts";
import { identify, isAlive } from "../src/services/processes.ts";
import { ended, query, supervise, until } from "./services-run.ts";

const writing = `
const { mkdirSync, writeFileSync } = require("node:fs");
const folder = process.argv[1].slice("--pgdata=".length) + "/base/1";
for (let i = 0; ; i++) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(folder + "/" + i, "");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}`;

it("the next start ends it and makes the folder anew", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ratchet-initdb-"));
  // As root, Postgres runs as another user, which must be able to enter.
  chmodSync(folder, 0o755);
  const home = join(folder, "home");
  const partial = join(home, "postgres", "data.partial");
  const left = spawn(process.execPath, ["-e", writing, "--", `--pgdata=${partial}`, "--username=ratchet"]);
  const writer = identify(left.pid!);
  try {
    await until("a folder in the making", () => existsSync(join(partial, "base", "1", "0")));
    const supervisor = await supervise(home);
    try {
      expect(isAlive(writer)).toBe(false);
      const endpoints = runningEndpoints(readConfig({ ...process.env, RATCHET_HOME: home }));
      expect(await query(endpoints, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    } finally {
      supervisor.kill("SIGTERM");
      await ended(supervisor);
    }
  } finally {
    left.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findServers } from "./temporal.ts";

it("a home finds its own server, and not that of a home whose path ends as its own does", async () => {
  const home = mkdtempSync(join(tmpdir(), "ratchet-temporal-"));
  const longer = join("/work", home);
  const servers = [home, longer].map((of) => {
    const waiting = ["-e", "setTimeout(() => {}, 60_000)", "temporal", "server", "start-dev"];
    const database = join(of, "temporal", "temporal.db");
    return spawn(process.execPath, [...waiting, "--db-filename", database, "--ip", "127.0.0.1"]);
  });
  await Promise.all(servers.map((server) => once(server, "spawn")));
  const [own, other] = servers.map(({ pid }) => pid);
  try {
    expect(findServers(home).map(({ pid }) => pid)).toEqual([own]);
    expect(findServers(longer).map(({ pid }) => pid)).toEqual([other]);
  } finally {
    for (const server of servers) server.kill("SIGKILL");
  }
});

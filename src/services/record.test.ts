import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readConfig } from "../config/config.ts";
import { keyIdOf } from "./payload-encryption.ts";
import { ensureRecord, readRecord, type ServicesRecord } from "./record.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-record-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Its database is elsewhere: where the embedded one's folder lies is another matter. */
const configOf = (home: string) =>
  readConfig({
    HOME: folder,
    RATCHET_HOME: join(folder, home),
    RATCHET_CACHE: join(folder, "cache"),
    DATABASE_URL: "postgres://u:p@127.0.0.1:1/d",
  });
const portsOf = ({ temporal, metrics }: ServicesRecord) => [
  temporal!.port,
  temporal!.uiPort,
  ...Object.values(metrics!),
];

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}

describe("homes that start at the same moment", () => {
  it("never choose the same port: all of them listen at once", async () => {
    const homes = Array.from({ length: 8 }, (_, i) => `home-${i}`);
    const records = await Promise.all(homes.map((home) => ensureRecord(configOf(home))));
    const servers = await Promise.all(records.flatMap(portsOf).map(listen));
    expect(servers).toHaveLength(8 * 6);
    for (const server of servers) await new Promise((resolve) => server.close(resolve));
    // And keep them, whoever starts while they are down.
    const later = portsOf(await ensureRecord(configOf("later")));
    expect(records.flatMap(portsOf).filter((port) => later.includes(port))).toEqual([]);
    expect(await ensureRecord(configOf("home-3"))).toEqual(records[3]);
  });
});

it("a home's record names the key of its payloads for as long as there is one", async () => {
  const key = Buffer.alloc(32, 7);
  const config = configOf("encrypted");
  const { payloadKey, ...rest } = await ensureRecord({ ...config, payloadKeys: [key] });
  expect(payloadKey).toBe(keyIdOf(key));
  expect(await ensureRecord(config)).toEqual(rest);
});

describe("a home that was moved", () => {
  const write = (home: string, database: string) => {
    const postgres = { port: 15_432, password: "p", folder: database };
    writeFileSync(join(home, "services.json"), JSON.stringify({ postgres }));
  };

  it("has the database that lies in it, wherever it lay before", () => {
    const [home, moved] = [join(folder, "before"), join(folder, "after")];
    mkdirSync(join(home, "postgres"), { recursive: true });
    write(home, join(home, "postgres"));
    renameSync(home, moved);
    expect(readRecord(moved).postgres!.folder).toBe(join(moved, "postgres"));
  });

  it("has the one that it was given where that lies elsewhere", () => {
    const home = join(folder, "closed");
    mkdirSync(home);
    write(home, "/var/lib/ratchet/1a2b");
    expect(readRecord(home).postgres!.folder).toBe("/var/lib/ratchet/1a2b");
  });
});

it("a damaged record is not told to be deleted: the database's password is in it", () => {
  const home = join(folder, "damaged");
  mkdirSync(home);
  writeFileSync(join(home, "services.json"), "{");
  expect(() => readRecord(home)).toThrow(
    `${join(home, "services.json")} is damaged; restore it, or begin anew in another RATCHET_HOME: it holds the database's password`,
  );
});

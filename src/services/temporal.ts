/**
 * The embedded Temporal: the CLI's dev server over a database file. Write-ahead logging with `synchronous=1` survives
 * kill -9 and is three to four times faster than the default.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { searchAttributes } from "../workflows/names.ts";
import type { ChildCommand, ChildSpecification } from "./child.ts";
import { writeWhole } from "./files.ts";
import { localHost } from "./ports.ts";
import { listProcesses, type ProcessEntry } from "./processes.ts";
import type { TemporalRecord } from "./record.ts";
import {
  checkNamespace,
  extendRetention,
  registerSearchAttributes,
  type TemporalConnectionOptions,
} from "./temporal-namespace.ts";

/** It takes about 1.2 s to leave its ring of services. */
const stopGraceMs = 10_000;

const temporalDatabasePath = (home: string) => join(home, "temporal", "temporal.db");

export function embeddedConnection({ port }: TemporalRecord): TemporalConnectionOptions {
  return { address: `${localHost}:${port}` };
}

export const embeddedUiUrl = ({ uiPort }: TemporalRecord, namespace: string) =>
  `http://${localHost}:${uiPort}/namespaces/${namespace}/workflows`;

export function temporalSpecification(
  home: string,
  program: string,
  record: TemporalRecord,
  namespace: string,
): ChildSpecification {
  return {
    role: "temporal",
    prepare: () => prepare(home, program, record, namespace),
    leftovers: { find: () => findServers(home), path: temporalDatabasePath(home) },
    beforeSpawn: () => makeDatabaseAnew(home),
    becomesReady: async (signal) => {
      await becomesReady(embeddedConnection(record), namespace, signal);
      // A successor of the one that was waited for may have answered.
      signal.throwIfAborted();
      rmSync(makingPath(home), { force: true });
    },
    answers: () => checkNamespace(embeddedConnection(record), namespace),
    channel: false,
    stopSignal: "SIGTERM",
    stopGraceMs,
  };
}

/** Dev servers over this home's database, whoever started them. */
export function findServers(home: string): ProcessEntry[] {
  const ours = ` --db-filename ${temporalDatabasePath(home)} `;
  return listProcesses().filter(
    ({ commandLine }) => commandLine.includes(" server start-dev ") && `${commandLine} `.includes(ours),
  );
}

async function prepare(
  home: string,
  program: string,
  record: TemporalRecord,
  namespace: string,
): Promise<ChildCommand> {
  const folder = join(home, "temporal");
  mkdirSync(folder, { recursive: true });
  const attributes = Object.values(searchAttributes).map(
    ({ name, type }) => `${name}=${attributeTypes[type]}`,
  );
  const flags: (readonly [string, string])[] = [
    ["--ip", localHost],
    ["--port", String(record.port)],
    ["--ui-port", String(record.uiPort)],
    ["--db-filename", temporalDatabasePath(home)],
    ["--sqlite-pragma", "journal_mode=wal"],
    ["--sqlite-pragma", "synchronous=1"],
    ["--namespace", namespace],
    ["--log-level", "warn"],
    ...attributes.map((attribute) => ["--search-attribute", attribute] as const),
  ];
  return {
    file: program,
    arguments: ["server", "start-dev", ...flags.flat()],
    // No TEMPORAL_* of the person's reaches the server.
    environment: { HOME: folder, PATH: "/usr/bin:/bin", TZ: "UTC" },
    cwd: folder,
  };
}

/**
 * The server makes the tables of a database that is not there, one after the other, and takes a database that is there
 * for whole: one that was killed in its first second would never work. Nothing of value is in it before it has answered.
 */
function makeDatabaseAnew(home: string): void {
  const database = temporalDatabasePath(home);
  if (existsSync(makingPath(home)))
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${database}${suffix}`, { force: true });
  if (!existsSync(database)) writeWhole(makingPath(home), "");
}

/** Lies beside the database until it has served. */
const makingPath = (home: string) => `${temporalDatabasePath(home)}.making`;

/** The CLI's spelling of the SDK's types. */
const attributeTypes = { INT: "Int", DOUBLE: "Double", KEYWORD: "Keyword" } as const;

/** The namespace answers, with our attributes and retention. A fresh server needs a moment for each of them. */
async function becomesReady(
  options: TemporalConnectionOptions,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  while (true) {
    signal.throwIfAborted();
    try {
      await checkNamespace(options, namespace);
      await registerSearchAttributes(options, namespace);
      await extendRetention(options, namespace);
      return;
    } catch {
      await sleep(50, undefined, { signal });
    }
  }
}

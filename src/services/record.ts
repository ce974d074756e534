/**
 * `services.json`: what a home's embedded services were given when they first started (ports, the database's password
 * and folder) and keep ever after, so that a restart meets the same addresses and the same data.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Config } from "../config/config.ts";
import { readJsonFile, writeJsonFile } from "./files.ts";
import { keyIdOf } from "./payload-encryption.ts";
import { createPortClaims } from "./port-claims.ts";
import { chooseFreePort, isPortFree } from "./ports.ts";
import { choosePostgresFolder, keepPostgresFolder } from "./postgres-folder.ts";
import { observedRoles } from "./roles.ts";

const port = z.number().int().min(1).max(65_535);
const recordSchema = z.object({
  /** Absent until an embedded Postgres is first needed. */
  postgres: z
    .object({
      port,
      password: z.string(),
      /** Absolute; outside the home where the database's own user cannot reach into it. */
      folder: z.string(),
    })
    .optional(),
  /** Absent until an embedded Temporal is first needed. */
  temporal: z.object({ port, uiPort: port }).optional(),
  /** Names the key that payloads were encrypted with at the last start; absent where they were not. */
  payloadKey: z.string().optional(),
  /** Where each process of ours answers /healthz and /metrics; chosen anew where another program took it. */
  metrics: z.record(z.enum(observedRoles), port).optional(),
});
export type ServicesRecord = z.infer<typeof recordSchema>;
export type PostgresRecord = NonNullable<ServicesRecord["postgres"]>;
export type MetricsRecord = NonNullable<ServicesRecord["metrics"]>;
export type TemporalRecord = NonNullable<ServicesRecord["temporal"]>;

/** Temporal's usual ports; Postgres's has a 1 before it, as its usual one is often taken. */
const preferredPorts = { postgres: 15_432, temporal: 7233, temporalUi: 8233, metrics: 9464 };

export const recordPath = (home: string) => join(home, "services.json");

/** Empty where no embedded service was ever started. */
export function readRecord(home: string): ServicesRecord {
  const record = readJsonFile(recordPath(home), recordSchema, onlyCopy) ?? {};
  const { postgres } = record;
  return postgres
    ? { ...record, postgres: { ...postgres, folder: folderNow(home, postgres.folder) } }
    : record;
}

const onlyCopy = "restore it, or begin anew in another RATCHET_HOME: it holds the database's password";

/** A home that was moved or copied brings the database along that lies in it, whatever its path was before. */
function folderNow(home: string, recorded: string): string {
  const inHome = join(home, "postgres");
  return existsSync(inHome) ? inHome : recorded;
}

/** The home's record with every part that the configuration needs, made on the first start, when nothing runs yet. */
export async function ensureRecord(config: Config): Promise<ServicesRecord> {
  const { home } = config;
  const existing = readRecord(home);
  const claim = portClaims(config);
  for (const port of everyPortOf(existing)) claim(port);
  if (existing.postgres !== undefined && config.databaseUrl === undefined)
    keepPostgresFolder(home, existing.postgres.folder, folderOf);
  const needsPostgres = config.databaseUrl === undefined && existing.postgres === undefined;
  const needsTemporal = config.temporalConnection === undefined && existing.temporal === undefined;
  const needsMetrics = !(await areFree(existing.metrics));
  const { payloadKey: keyBefore, ...kept } = existing;
  const [key] = config.payloadKeys;
  const payloadKey = key && keyIdOf(key);
  if (!needsPostgres && !needsTemporal && !needsMetrics && payloadKey === keyBefore) return existing;
  const seed = randomBytes(4).readUInt32LE();
  const taken = new Set(portsOf(existing).map(({ port }) => port));
  const choose = async (preferred: number) => {
    const chosen = await chooseFreePort(preferred, seed, (port) => !taken.has(port) && claim(port));
    taken.add(chosen);
    return chosen;
  };
  const record: ServicesRecord = { ...kept, ...(payloadKey && { payloadKey }) };
  if (needsPostgres)
    record.postgres = {
      port: await choose(preferredPorts.postgres),
      password: randomBytes(24).toString("base64url"),
      folder: choosePostgresFolder(home, folderOf),
    };
  if (needsTemporal)
    record.temporal = {
      port: await choose(preferredPorts.temporal),
      uiPort: await choose(preferredPorts.temporalUi),
    };
  if (needsMetrics) {
    const ports: [string, number][] = [];
    for (const [i, role] of observedRoles.entries())
      ports.push([role, await choose(preferredPorts.metrics + i)]);
    record.metrics = Object.fromEntries(ports) as MetricsRecord;
  }
  writeJsonFile(recordPath(home), record, 0o600);
  return record;
}

const folderOf = (home: string) => readRecord(home).postgres?.folder;

/** Nobody keeps these addresses, so a taken one is no reason to refuse a start. */
async function areFree(metrics: MetricsRecord | undefined): Promise<boolean> {
  if (metrics === undefined) return false;
  return (await Promise.all(Object.values(metrics).map(isPortFree))).every((free) => free);
}

const everyPortOf = (record: ServicesRecord): number[] => [
  ...portsOf(record).map(({ port }) => port),
  ...Object.values(record.metrics ?? {}),
];

/** Homes that share a cache share a list of whose each port is, as long as their records name them. */
const portClaims = ({ home, cacheFolder }: Config) =>
  createPortClaims(join(cacheFolder, "ports"), home, (other) => everyPortOf(readRecord(other)));

/** The recorded ports, by the field that holds them. */
export function portsOf({ postgres, temporal }: ServicesRecord): { field: string; port: number }[] {
  return [
    ...(postgres === undefined ? [] : [{ field: "postgres.port", port: postgres.port }]),
    ...(temporal === undefined
      ? []
      : [
          { field: "temporal.port", port: temporal.port },
          { field: "temporal.uiPort", port: temporal.uiPort },
        ]),
  ];
}

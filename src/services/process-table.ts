/**
 * `processes.json`: which processes the supervisor of a home started, rewritten whenever one starts, and the roles that
 * `ratchet status` reads from it. What it lists may be dead; only a pid with the recorded start time is ours.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { deleteIfNothingRuns, readJsonFile, writeJsonFile } from "./files.ts";
import { localHost } from "./ports.ts";
import { descendantsOf, isAlive, listProcesses, type ProcessEntry } from "./processes.ts";
import { readRecord } from "./record.ts";
import { isService, type Role, serviceRoles, workerRoles } from "./roles.ts";

const identitySchema = z.object({ pid: z.number().int().positive(), startTime: z.string() });
const tableSchema = z.object({
  supervisor: identitySchema,
  /** Of the workers' engine. */
  threads: z.number().int().positive(),
  state: z.enum(["starting", "ready", "stopping"]),
  /** What its workers may still take when it is asked to end, ms. */
  graceMs: z.number(),
  processes: z.array(identitySchema.extend({ role: z.enum([...serviceRoles, ...workerRoles]) })),
});
export type ProcessTable = z.infer<typeof tableSchema>;

const tablePath = (home: string) => join(home, "processes.json");

export function writeProcessTable(home: string, table: ProcessTable): void {
  writeJsonFile(tablePath(home), table);
}

export function removeProcessTable(home: string): void {
  rmSync(tablePath(home), { force: true });
}

export function readProcessTable(home: string): ProcessTable | undefined {
  return readJsonFile(tablePath(home), tableSchema, deleteIfNothingRuns);
}

/** Words in a command line by which a worker's children are known. */
const childMarkers = { engine: "ratchet-engine", sandbox: "ratchet-sandbox" } as const;

export interface RunningProcess {
  readonly role: Role;
  readonly pid: number;
}

/** Where a process of this home answers /healthz and /metrics, for those that do. */
export function observedAt(home: string, role: Role): string | undefined {
  const ports: Partial<Record<Role, number>> = readRecord(home).metrics ?? {};
  const port = ports[role];
  return port === undefined ? undefined : `http://${localHost}:${port}`;
}

/** Live processes of this home, the supervisor first; empty when nothing runs. */
export function runningProcesses(home: string): RunningProcess[] {
  const table = readProcessTable(home);
  if (table === undefined) return [];
  const own = table.processes.filter(isAlive);
  const supervisor = isAlive(table.supervisor)
    ? [{ role: "supervisor" as const, pid: table.supervisor.pid }]
    : [];
  const everything = listProcesses();
  const children = own
    .filter(({ role }) => !isService(role))
    .flatMap(({ pid }) => descendantsOf(pid, everything))
    .flatMap((entry) => childRole(entry));
  return [...supervisor, ...own.map(({ role, pid }) => ({ role, pid })), ...children];
}

function childRole(entry: ProcessEntry): { role: "engine" | "sandbox"; pid: number }[] {
  for (const role of ["engine", "sandbox"] as const)
    if (entry.commandLine.includes(childMarkers[role])) return [{ role, pid: entry.pid }];
  return [];
}

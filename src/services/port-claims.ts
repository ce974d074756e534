/**
 * Whose a port is, among the homes of one user: a file for each port, made by whoever is first, so that two that start at
 * the same moment, or while the other is down, never choose the same. A claim lasts while its claimant lives, and then
 * for as long as its home's record names the port.
 */
import { randomUUID } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { linkIfAbsent, readJsonFile, writeJsonFile } from "./files.ts";
import { identify, isAlive } from "./processes.ts";

const claimSchema = z.object({ home: z.string(), pid: z.number().int().positive(), startTime: z.string() });

/**
 * Gives a function that makes a port this home's, or says that it is another's. `portsOf` is what a home's record names.
 * Where the folder cannot be written, every port is free to take.
 */
export function createPortClaims(
  folder: string,
  home: string,
  portsOf: (home: string) => readonly number[],
): (port: number) => boolean {
  const own = { home, ...identify(process.pid) };
  const holderAt = (path: string, port: number): string | undefined => {
    try {
      const claim = readJsonFile(path, claimSchema, "delete it");
      if (claim === undefined) return undefined;
      return isAlive(claim) || portsOf(claim.home).includes(port) ? claim.home : undefined;
    } catch {
      // A record that cannot be read may well name the port.
      return "another";
    }
  };
  const claim = (port: number): boolean => {
    const path = join(folder, String(port));
    const aside = `${path}.${process.pid}-${randomUUID()}`;
    for (;;) {
      if (created(path, aside, own)) return true;
      const holder = holderAt(path, port);
      if (holder !== undefined) return holder === home;
      // Nobody's any more. Another starter may have made it its own meanwhile, which is then put back.
      if (!moved(path, aside)) continue;
      if (holderAt(aside, port) !== undefined) linkIfAbsent(aside, path);
      rmSync(aside);
    }
  };
  return (port) => {
    try {
      return claim(port);
    } catch {
      return true;
    }
  };
}

function created(path: string, aside: string, claim: z.infer<typeof claimSchema>): boolean {
  writeJsonFile(aside, claim);
  try {
    return linkIfAbsent(aside, path);
  } finally {
    rmSync(aside);
  }
}

function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

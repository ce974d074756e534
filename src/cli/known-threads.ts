/**
 * `threads.json` in a home: with how many threads its runs compute, as its commands have found them in the database. So a
 * command may refuse another count before the database runs. It is a hint: one that is missing or damaged only refuses
 * later, and a run that nobody ever followed with these commands is not in it.
 */
import { join } from "node:path";
import { z } from "zod";
import { readJsonFile, writeJsonFile } from "../services/files.ts";

const schema = z.record(z.string(), z.number().int().positive());
const path = (home: string) => join(home, "threads.json");

export const knownThreads = (home: string, run: string): number | undefined => readAll(home)[run];

/** Null where the run may take any. */
export function noteThreads(home: string, run: string, threads: number | null): void {
  const { [run]: noted, ...others } = readAll(home);
  if (threads === (noted ?? null)) return;
  try {
    writeJsonFile(path(home), { ...others, ...(threads && { [run]: threads }) });
  } catch {
    // A home that is full or read-only: services elsewhere work all the same.
  }
}

function readAll(home: string): z.infer<typeof schema> {
  try {
    return readJsonFile(path(home), schema, "delete it") ?? {};
  } catch {
    return {};
  }
}

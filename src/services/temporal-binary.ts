/**
 * The Temporal CLI, whose dev server is the embedded Temporal: one on PATH that is new enough, else the one in the cache,
 * else downloaded once. Looking never writes.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { arch, platform } from "node:os";
import { delimiter, join } from "node:path";
import type { Config } from "../config/config.ts";

/** What is downloaded, and what every measurement was made with. */
export const pinnedVersion = "1.9.1";
/** The first with worker deployments and workflow summaries as our workflows use them. */
const oldestVersion = [1, 4] as const;

export interface TemporalBinary {
  readonly path: string;
  readonly version: string;
  readonly source: "PATH" | "cache";
}

export const cachedTemporalPath = (config: Config) =>
  join(config.cacheFolder, `temporal-${pinnedVersion}-${platform()}-${arch()}`, "temporal");

/** Undefined where it would have to be downloaded. */
export function findTemporal(config: Config): TemporalBinary | undefined {
  for (const folder of (config.environment.PATH ?? "").split(delimiter)) {
    const path = join(folder, "temporal");
    if (folder === "" || !isExecutable(path)) continue;
    const version = versionOf(path);
    if (version !== undefined && isNewEnough(version)) return { path, version, source: "PATH" };
  }
  const path = cachedTemporalPath(config);
  return isExecutable(path) ? { path, version: pinnedVersion, source: "cache" } : undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Undefined for a program of this name that is something else. */
function versionOf(path: string): string | undefined {
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 10_000 });
  return /^temporal version (\d+\.\d+\.\d+)/m.exec(stdout ?? "")?.[1];
}

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldestVersion[0] || (major === oldestVersion[0] && minor >= oldestVersion[1]);
}

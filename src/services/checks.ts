/**
 * What this machine must have, one check each: what was found and how to mend it. Checks only look; `ratchet doctor`
 * shows all of them and a start refuses over those that it cannot do without.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { arch, platform, totalmem } from "node:os";
import { dirname } from "node:path";
import type { Config } from "../config/config.ts";
import type { ErrorType } from "../core/errors.ts";

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was looked at and what was there. */
  readonly found: string;
  /** What to do where it is not ok. */
  readonly mend: string;
  /** As which error a start reports it. */
  readonly type: ErrorType;
}

const gibibyte = 1024 ** 3;
/** Programs, an empty database and a tiny run; `npm start` asks for what its experiment needs beyond that. */
const neededDiskBytes = gibibyte;
/** A standard run took 11 GB on a machine of 24, 3 of them the eighth of its memory that prompts may have. */
const advisedMemoryBytes = 10 * gibibyte;

export function check(
  name: string,
  ok: boolean,
  found: string,
  mend: string,
  type: ErrorType = "ServiceUnavailable",
): Check {
  return { name, ok, found, mend, type };
}

export function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return check("node", ok, `Node ${process.versions.node}`, "install Node 20.19 or later");
}

/** Neither the Temporal SDK nor ONNX Runtime has builds for musl or Windows. */
export function checkPlatform(): Check {
  const header = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header;
  const libc =
    platform() === "linux"
      ? `, ${header.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : "no glibc"}`
      : "";
  const supported = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];
  const ok = supported.includes(`${platform()}-${arch()}`) && libc !== ", no glibc";
  const mend = "use Linux with glibc (Debian, Ubuntu, Fedora; not Alpine) or macOS, on x64 or arm64";
  return check("platform", ok, `${platform()} ${arch()}${libc}`, mend);
}

export function checkMemory(): Check {
  const found = `${(totalmem() / gibibyte).toFixed(1)} GiB of memory`;
  const mend = "10 GiB are advised to train SmolLM2-135M; tiny.json runs with less";
  return check("memory", totalmem() >= advisedMemoryBytes, found, mend);
}

export function checkDisk(config: Config): Check {
  const free = [config.home, config.artifactFolder].map(freeDisk);
  const least = free.reduce((a, b) => (b.bytes < a.bytes ? b : a));
  const found = `${(least.bytes / gibibyte).toFixed(2)} GiB free at ${least.folder}`;
  const mend = `at least ${neededDiskBytes / gibibyte} GiB is needed: free some, or move RATCHET_HOME or RATCHET_ARTIFACTS to a larger disk`;
  return check("disk", least.bytes >= neededDiskBytes, found, mend, "StorageFull");
}

/** What is free where the path is, or would be. */
export function freeDisk(path: string): { readonly folder: string; readonly bytes: number } {
  const folder = nearestExisting(path);
  const { bavail, bsize } = statfsSync(folder);
  return { folder, bytes: bavail * bsize };
}

export function checkWritable(config: Config): Check {
  const folder = nearestExisting(config.home);
  let ok = true;
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    ok = false;
  }
  const mend = "change its permissions, or set RATCHET_HOME to a folder of yours";
  return check("home", ok, `${folder} is ${ok ? "" : "not "}writable`, mend);
}

export function checkPython(): Check {
  const { stdout, status } = spawnSync("python3", ["-m", "pip", "--version"], { encoding: "utf8" });
  const ok = status === 0;
  const found = ok ? stdout.trim().replace(/ from .* \(/, " (") : "no python3 with pip";
  return check("python", ok, found, "install python3 and pip (Debian: apt install python3-pip)");
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

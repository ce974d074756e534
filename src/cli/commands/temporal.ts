/**
 * `ratchet temporal ARGS...`: the Temporal CLI that Ratchet itself runs, with this project's address and namespace in
 * its environment. Arguments, terminal and exit code pass through untouched.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { RatchetError } from "../../core/errors.ts";
import { runningEndpoints } from "../../services/endpoints.ts";
import { findTemporal } from "../../services/temporal-binary.ts";
import { downloadTemporal } from "../../services/temporal-download.ts";
import { notice } from "../notice.ts";

/** For the list of commands; `main` hands the arguments over before anything here would read them. */
export function register(ratchet: Command): void {
  ratchet
    .command("temporal")
    .argument("[arguments...]", "passed on untouched, for example: workflow list")
    .description("the Temporal CLI with this project's address and namespace")
    .helpOption(false);
}

export async function runTemporal(args: readonly string[]): Promise<number> {
  const config = readConfig();
  // Asking the CLI about itself needs no server.
  const aboutItself =
    args.length === 0 || args.some((arg) => ["--help", "-h", "--version", "-v", "help"].includes(arg));
  const address =
    aboutItself || config.temporalConnection !== undefined ? undefined : runningEndpoints(config);
  const { path } = findTemporal(config) ?? (await downloadTemporal(config, notice));
  const child = spawn(path, args, {
    stdio: "inherit",
    env: {
      ...config.environment,
      ...(address && {
        TEMPORAL_ADDRESS: address.temporalConnection.address,
        TEMPORAL_NAMESPACE: address.temporalNamespace,
      }),
    },
  });
  // Ctrl-C reaches the CLI by itself; this process waits for what it makes of it.
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", (error) =>
        reject(
          new RatchetError("ServiceUnavailable", `${path} does not run: ${error.message}`, { path }, error),
        ),
      );
      child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
    });
  } finally {
    process.off("SIGINT", ignore);
  }
}

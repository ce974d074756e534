/** `ratchet up`: services and workers in the background, or in this terminal with --foreground. */
import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { type Config, readConfig } from "../../config/config.ts";
import { RatchetError } from "../../core/errors.ts";
import { attach } from "../../services/attach.ts";
import type { Endpoints } from "../../services/endpoints.ts";
import { logFolder, logPath, openLog } from "../../services/logs.ts";
import { preflight } from "../../services/preflight.ts";
import { addressesOf, describeAddresses } from "../addresses.ts";
import { exitCodes } from "../exit.ts";
import { notice } from "../notice.ts";
import { untilAborted, withServices } from "../services.ts";

const program = fileURLToPath(new URL("../../../bin/ratchet.mjs", import.meta.url));

export function register(ratchet: Command): void {
  ratchet
    .command("up")
    .description("start Postgres, Temporal and the workers, and keep them running")
    .option("--foreground", "stay in this terminal until Ctrl-C")
    .option("--json", "print the addresses as JSON")
    .action(async ({ foreground = false, json = false }: { foreground?: boolean; json?: boolean }) => {
      const config = readConfig();
      process.exitCode = foreground ? await inForeground(config, json) : await inBackground(config, json);
    });
}

function inForeground(config: Config, json: boolean): Promise<number> {
  return withServices(config, async ({ endpoints, attached, interrupted }) => {
    announce(config, endpoints, json);
    if (attached) return exitCodes.ok;
    // The command that started this one in the background waits for it.
    process.send?.("ready");
    process.disconnect?.();
    await untilAborted(interrupted);
    return exitCodes.ok;
  });
}

async function inBackground(config: Config, json: boolean): Promise<number> {
  const running = await attach(config);
  if (running === undefined) {
    await preflight(config, notice);
    await startInBackground(config);
  }
  const endpoints = running ?? (await attach(config));
  if (endpoints === undefined) throw endedEarly(config);
  announce(config, endpoints, json);
  return exitCodes.ok;
}

/** Resolves when the background process says it is ready, throws where it ends before. */
function startInBackground(config: Config): Promise<void> {
  const log = openLog(config.home, "supervisor");
  const child = spawn(process.execPath, [program, "up", "--foreground"], {
    detached: true,
    env: { ...config.environment, RATCHET_HOME: config.home },
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  return new Promise((resolve, reject) => {
    child.once("message", () => {
      child.unref();
      resolve();
    });
    child.once("error", reject);
    child.once("exit", () => reject(endedEarly(config)));
  });
}

function endedEarly(config: Config): RatchetError {
  return new RatchetError(
    "ServiceUnavailable",
    `the services ended while they started; see ${logPath(config.home, "supervisor")}`,
    { home: config.home },
  );
}

function announce(config: Config, endpoints: Endpoints, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ home: config.home, ...addressesOf(endpoints) })}\n`);
  else
    process.stdout.write(
      `Ratchet is up\n${describeAddresses(endpoints)}\n  logs         ${logFolder(config.home)}\nend it with: npx ratchet down\n`,
    );
}

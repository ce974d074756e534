/** How a command ends: 0 done, 1 the run failed, 2 wrong input, 3 a service is unavailable, 130 interrupted. */
import { CommanderError } from "commander";
import { readConfig } from "../config/config.ts";
import { type ErrorType, RatchetError } from "../core/errors.ts";

export const exitCodes = { ok: 0, failed: 1, wrongInput: 2, unavailable: 3, interrupted: 130 } as const;

const wrongInputTypes: ReadonlySet<ErrorType> = new Set([
  "InvalidInput",
  "PromptTooLong",
  "ModelUnreadable",
  "Diverged",
  "NumericsMismatch",
  "DatabaseRefused",
]);
const unavailableTypes: ReadonlySet<ErrorType> = new Set([
  "StorageFull",
  "StorageUnavailable",
  "DatabaseUnavailable",
  "TemporalUnavailable",
  "ServiceUnavailable",
]);
/** What a person reads before they look away. */
const maxLines = 3;

/** Says what went wrong, without a stack but for our own mistakes at debug level; gives the exit code. */
export function reportError(error: unknown): number {
  // commander has printed its own message, which names the option and the nearest known one.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.wrongInput;
  if (error instanceof RatchetError) {
    process.stderr.write(`${`ratchet: ${error.message}`.split("\n").slice(0, maxLines).join("\n")}\n`);
    if (wrongInputTypes.has(error.type)) return exitCodes.wrongInput;
    return unavailableTypes.has(error.type) ? exitCodes.unavailable : exitCodes.failed;
  }
  const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  process.stderr.write(`ratchet: unexpected: ${message} (RATCHET_LOG_LEVEL=debug shows where)\n`);
  if (isDebugging() && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return exitCodes.failed;
}

function isDebugging(): boolean {
  try {
    return readConfig().logLevel === "debug";
  } catch {
    return false;
  }
}

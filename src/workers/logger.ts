/**
 * A worker's log: one JSON object a line, as the supervisor writes them. Temporal's own messages, those of its native
 * side too, come through it.
 */
import type { LogLevel, LogMetadata, Logger as TemporalLogger } from "@temporalio/worker";
import pino, { type Logger } from "pino";
import type { Config } from "../config/config.ts";
import { logDestination } from "../services/log-destination.ts";

export type { Logger } from "pino";

const levels = { TRACE: "trace", DEBUG: "debug", INFO: "info", WARN: "warn", ERROR: "error" } as const;

export function createLogger(role: string, { logLevel }: Pick<Config, "logLevel">, descriptor = 2): Logger {
  return pino({ level: logLevel, base: { role, pid: process.pid } }, logDestination(descriptor));
}

export function temporalLogger(log: Logger): TemporalLogger {
  const write = (level: LogLevel, message: string, meta: LogMetadata = {}) => {
    const { error, ...fields } = meta as LogMetadata & { error?: unknown };
    log[levels[level]]({ ...plain(fields), ...(error === undefined ? {} : { err: error }) }, message);
  };
  return {
    log: write,
    trace: (message, meta) => write("TRACE", message, meta),
    debug: (message, meta) => write("DEBUG", message, meta),
    info: (message, meta) => write("INFO", message, meta),
    warn: (message, meta) => write("WARN", message, meta),
    error: (message, meta) => write("ERROR", message, meta),
  };
}

/** Core's times are bigints, which JSON has no form for. */
function plain(fields: Record<string | symbol, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === "bigint" ? String(value) : value]),
  );
}

/** Refuses to go on with a run where this home has no database yet, instead of making one to look in. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { readRecord } from "../services/record.ts";

export function requireHomeWithRuns({ home, databaseUrl }: Config, run: string): void {
  if (databaseUrl !== undefined || readRecord(home).postgres !== undefined) return;
  throw new RatchetError(
    "InvalidInput",
    `RUN '${run}' is unknown: nothing has run in ${home}; RATCHET_HOME names another home`,
    { field: "RUN", value: run },
  );
}

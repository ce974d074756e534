/** All checks together: for `ratchet doctor`, and before a start, which must fail before it changes anything. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import {
  type Check,
  checkDisk,
  checkMemory,
  checkNode,
  checkPlatform,
  checkPython,
  checkWritable,
} from "./checks.ts";
import {
  checkDatabase,
  checkPorts,
  checkPostgresAccount,
  checkPostgresPrograms,
  checkTemporalProgram,
  checkTemporalServer,
} from "./service-checks.ts";
import { findTemporal } from "./temporal-binary.ts";
import { downloadTemporal } from "./temporal-download.ts";

/** In the order in which one would mend things. */
export async function examine(config: Config): Promise<Check[]> {
  const python = checkPython();
  return [
    ...(await required(config)),
    checkMemory(),
    python,
    ...(config.temporalConnection === undefined ? [checkTemporalProgram(config, python.ok)] : []),
  ];
}

/** What a start cannot do without. Python counts only where it is needed: for a download. */
async function required(config: Config): Promise<Check[]> {
  return [
    checkNode(),
    checkPlatform(),
    checkDisk(config),
    checkWritable(config),
    ...(config.databaseUrl === undefined
      ? [checkPostgresPrograms(), checkPostgresAccount()]
      : [await checkDatabase(config.databaseUrl)]),
    ...(config.temporalConnection === undefined ? [] : [await checkTemporalServer(config)]),
    await checkPorts(config),
  ];
}

/**
 * Throws the first thing that is missing, with how to mend it, before anything under the home is written. Gives the path
 * of the Temporal CLI, downloaded into the cache where need be; undefined where Temporal is external.
 */
export async function preflight(
  config: Config,
  onNotice: (text: string) => void,
): Promise<string | undefined> {
  if (config.metricsAddress !== undefined)
    throw new RatchetError(
      "InvalidInput",
      "environment variable RATCHET_METRICS_ADDRESS is for a worker that runs by itself, as in a container; unset it: here each process gets an address of its own, which npx ratchet status --json shows",
      { field: "RATCHET_METRICS_ADDRESS" },
    );
  const missing = (await required(config)).find(({ ok }) => !ok);
  if (missing !== undefined)
    throw new RatchetError(missing.type, [missing.found, missing.mend].filter(Boolean).join("; "), {
      check: missing.name,
    });
  if (config.temporalConnection !== undefined) return undefined;
  return (findTemporal(config) ?? (await downloadTemporal(config, onNotice))).path;
}

/** The addresses at which a home's services answer: external ones as configured, embedded ones as recorded. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { supervisorOf } from "./lock.ts";
import { postgresUrl } from "./postgres.ts";
import { readRecord, type ServicesRecord } from "./record.ts";
import { embeddedConnection, embeddedUiUrl } from "./temporal.ts";
import type { TemporalConnectionOptions } from "./temporal-namespace.ts";

export interface Endpoints {
  readonly databaseUrl: string;
  readonly temporalConnection: TemporalConnectionOptions;
  readonly temporalNamespace: string;
  /** The namespace's page in the Temporal UI; undefined for an external server, whose UI we do not know. */
  readonly temporalUiUrl: string | undefined;
  /** Of the payloads in Temporal; empty where they are not encrypted. */
  readonly payloadKeys: Config["payloadKeys"];
}

/** Undefined where an embedded service is needed that this home never started. */
export function endpointsOf(config: Config, record: ServicesRecord): Endpoints | undefined {
  const { postgres, temporal } = record;
  const databaseUrl = config.databaseUrl ?? (postgres && postgresUrl(postgres));
  const connection = config.temporalConnection ?? (temporal && embeddedConnection(temporal));
  if (databaseUrl === undefined || connection === undefined) return undefined;
  const embeddedUi = config.temporalConnection === undefined ? temporal : undefined;
  return {
    databaseUrl,
    temporalConnection: connection,
    temporalNamespace: config.temporalNamespace,
    payloadKeys: config.payloadKeys,
    temporalUiUrl: embeddedUi && embeddedUiUrl(embeddedUi, config.temporalNamespace),
  };
}

/**
 * For commands and workers that use running services. Throws ServiceUnavailable where an embedded one is needed and
 * nothing supervises this home.
 */
export function runningEndpoints(config: Config): Endpoints {
  const allExternal = config.databaseUrl !== undefined && config.temporalConnection !== undefined;
  const endpoints = endpointsOf(config, readRecord(config.home));
  if (endpoints !== undefined && (allExternal || supervisorOf(config.home) !== undefined)) return endpoints;
  throw new RatchetError(
    "ServiceUnavailable",
    `nothing runs for ${config.home}; start its services with: npx ratchet up`,
    { home: config.home },
  );
}

/** The addresses at which a home's services answer: external ones as configured, embedded ones as recorded. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { supervisorOf } from "./lock.ts";
import type { Others } from "./payload-encryption.ts";
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
  /** What the processes of this home encrypt with. */
  readonly encryptedWith: Others;
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
    encryptedWith: record.payloadKey ?? null,
    temporalUiUrl: embeddedUi && embeddedUiUrl(embeddedUi, config.temporalNamespace),
  };
}

/** Undefined but where somebody else runs both services, whose workers are then somebody else's too. */
export function externalEndpoints(config: Config): Endpoints | undefined {
  if (config.databaseUrl === undefined || config.temporalConnection === undefined) return undefined;
  const endpoints = endpointsOf(config, {});
  return endpoints && { ...endpoints, encryptedWith: undefined };
}

/** Undefined where an embedded service is needed and nothing supervises this home. */
export function knownEndpoints(config: Config): Endpoints | undefined {
  return supervisorOf(config.home) === undefined
    ? externalEndpoints(config)
    : endpointsOf(config, readRecord(config.home));
}

/** The same for commands that use running services: throws ServiceUnavailable where there are none. */
export function runningEndpoints(config: Config): Endpoints {
  const endpoints = knownEndpoints(config);
  if (endpoints !== undefined) return endpoints;
  throw new RatchetError(
    "ServiceUnavailable",
    `nothing runs for ${config.home}; start its services with: npx ratchet up`,
    { home: config.home },
  );
}

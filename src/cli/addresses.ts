/** Where a person finds the running services, without any password. */
import type { Endpoints } from "../services/endpoints.ts";

export interface Addresses {
  readonly temporal: string;
  readonly namespace: string;
  readonly temporalUi: string | null;
  readonly postgres: string;
}

export function addressesOf(endpoints: Endpoints): Addresses {
  const { hostname, port, pathname } = new URL(endpoints.databaseUrl);
  return {
    temporal: endpoints.temporalConnection.address ?? "",
    namespace: endpoints.temporalNamespace,
    temporalUi: endpoints.temporalUiUrl ?? null,
    postgres: `${hostname}:${port || "5432"}${pathname}`,
  };
}

export function describeAddresses(endpoints: Endpoints): string {
  const { temporal, namespace, temporalUi, postgres } = addressesOf(endpoints);
  return [
    ...(temporalUi === null ? [] : [`  Temporal UI  ${temporalUi}`]),
    `  Temporal     ${temporal}, namespace ${namespace}`,
    `  Postgres     ${postgres}`,
  ].join("\n");
}

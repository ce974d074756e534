/** The store as activities use it: a Postgres that is started again costs them a moment, and nothing that they computed. */
import type { Config } from "../config/config.ts";
import { openStore, type Store } from "../store/store.ts";
import type { Logger } from "./logger.ts";

/** A killed Postgres is back within seconds. Shorter than any heartbeat's limit, as not everything beats that writes. */
const outageMs = 8_000;

export const openWorkersStore = ({ databaseUrl, artifactFolder }: Config, log: Logger): Promise<Store> =>
  openStore({ databaseUrl: databaseUrl!, artifactFolder, log, outageMs });

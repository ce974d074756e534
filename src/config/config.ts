/**
 * The only reader of process.env: the environment becomes one frozen, typed object, or an InvalidInput that names the
 * variable, its value and what it may be. A RATCHET_* variable that is not listed here is an error, never ignored.
 */
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { type ClientConnectConfig, loadClientConfigProfile, toClientOptions } from "@temporalio/envconfig";
import { z } from "zod";
import { RatchetError } from "../core/errors.ts";
import { type ListenAddress, readListenAddress } from "./listen-address.ts";
import { nearestName } from "./nearest.ts";
import { checkToken, readPayloadKeys, readSecretFiles } from "./secrets.ts";

const logLevels = ["debug", "info", "warn", "error"] as const;
const versionings = ["auto-upgrade", "pinned"] as const;

export interface Config {
  /** Where a project's data lives (RATCHET_HOME); `.ratchet` in the current folder by default. */
  readonly home: string;
  /** Downloads that every project of this user shares (RATCHET_CACHE); `~/.cache/ratchet` by default. */
  readonly cacheFolder: string;
  /** Content-addressed artifacts (RATCHET_ARTIFACTS); `artifacts` in the home by default. */
  readonly artifactFolder: string;
  /** A Postgres of your own (DATABASE_URL); undefined means the embedded one. */
  readonly databaseUrl: string | undefined;
  /** A Temporal of your own, by TEMPORAL_* or a temporal.toml profile; undefined means the embedded dev server. */
  readonly temporalConnection: ClientConnectConfig["connectionOptions"] | undefined;
  /** Temporal namespace, `default` by default. */
  readonly temporalNamespace: string;
  /** Nothing is downloaded (RATCHET_OFFLINE=1); what is missing is an error. */
  readonly offline: boolean;
  /** Threads of the engine (RATCHET_THREADS), 2 by default on every machine: they are part of the numerics. */
  readonly threads: number;
  /** How long what is under way may take to end after SIGTERM or Ctrl-C, ms (RATCHET_GRACE, in seconds); 20 s by default. */
  readonly graceMs: number;
  /**
   * Most bytes of keys and values that the engine keeps of prompts (RATCHET_PREFIX_CACHE_MB); undefined means an eighth of
   * the memory. What does not fit is computed again, to the same bytes.
   */
  readonly prefixCacheBytes: number | undefined;
  /** Least severe level that is logged (RATCHET_LOG_LEVEL); `info` by default. */
  readonly logLevel: (typeof logLevels)[number];
  /** Where this process answers /healthz and /metrics (RATCHET_METRICS_ADDRESS); undefined means nowhere. */
  readonly metricsAddress: ListenAddress | undefined;
  /** What /metrics asks for, and /healthz of other machines (RATCHET_METRICS_TOKEN or _FILE); needed where others than this machine can reach it. */
  readonly metricsToken: string | undefined;
  /** Temporal's payloads are encrypted by the first of these (RATCHET_PAYLOAD_KEY or _FILE); none, and they are not. */
  readonly payloadKeys: readonly Buffer[];
  /**
   * What becomes of open runs when a new build starts (RATCHET_VERSIONING): `auto-upgrade`, the default, goes on with
   * them; `pinned` leaves each to the build it began with until it continues as new.
   */
  readonly versioning: (typeof versionings)[number];
  /** The environment that child processes inherit. */
  readonly environment: Readonly<Record<string, string>>;
}

const maxThreads = 256;
const threadsLimit = `must be a whole number from 1 to ${maxThreads}`;
const maxPrefixCacheMb = 2 ** 20;
const prefixCacheLimit = `must be a whole number of MiB from 0 to ${maxPrefixCacheMb}`;

/** Long enough for most updates, and short of the 30 s that Kubernetes gives a whole pod. */
const usualGraceSeconds = 20;
export const maxGraceSeconds = 3_600;
const graceLimit = `must be a whole number of seconds from 0 to ${maxGraceSeconds}`;

const schema = z.object({
  RATCHET_HOME: z.string().default(".ratchet"),
  RATCHET_CACHE: z.string().optional(),
  RATCHET_ARTIFACTS: z.string().optional(),
  RATCHET_OFFLINE: z.enum(["0", "1"], "must be 0 or 1").default("0"),
  RATCHET_THREADS: z
    .string()
    .regex(/^\d+$/, threadsLimit)
    .transform(Number)
    .refine((threads) => threads >= 1 && threads <= maxThreads, threadsLimit)
    .default(2),
  RATCHET_GRACE: z
    .string()
    .regex(/^\d+$/, graceLimit)
    .transform(Number)
    .refine((seconds) => seconds <= maxGraceSeconds, graceLimit)
    .default(usualGraceSeconds),
  RATCHET_PREFIX_CACHE_MB: z
    .string()
    .regex(/^\d+$/, prefixCacheLimit)
    .transform((text) => Number(text) * 2 ** 20)
    .refine((bytes) => bytes <= maxPrefixCacheMb * 2 ** 20, prefixCacheLimit)
    .optional(),
  RATCHET_LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(", ")}`).default("info"),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "must be postgres://user:password@host:port/database" })
    .optional(),
  // What the engine's hub.ts says of a request that failed quotes the address, and where no header can hold it the token.
  HF_ENDPOINT: z
    .string()
    .regex(
      /^https?:\/\/[^\s@?#]+$/,
      "must be http(s)://host/path without a user and a password; a mirror's token goes into HF_TOKEN",
    )
    .optional(),
  HF_TOKEN: z
    .string()
    .regex(/^\s*[!-~]+\s*$/, "must be one word of printable ASCII characters")
    .optional(),
  RATCHET_METRICS_ADDRESS: z.string().optional(),
  RATCHET_METRICS_TOKEN: z.string().optional(),
  RATCHET_PAYLOAD_KEY: z.string().optional(),
  RATCHET_VERSIONING: z.enum(versionings, `must be one of ${versionings.join(", ")}`).default("auto-upgrade"),
  XDG_CACHE_HOME: z.string().optional(),
});
const ownVariables = Object.keys(schema.shape).filter((name) => name.startsWith("RATCHET_")) as [
  string,
  ...string[],
];

/** A URL may hold a password. What these are set to is not repeated. */
const mayHoldSecrets: ReadonlySet<string> = new Set(["DATABASE_URL", "HF_ENDPOINT", "HF_TOKEN"]);

/** Reads the environment once; an empty variable counts as unset. Throws InvalidInput. */
export function readConfig(variables: NodeJS.ProcessEnv = process.env, cwd = process.cwd()): Config {
  const environment = readSecretFiles(
    Object.fromEntries(
      Object.entries(variables).filter((entry): entry is [string, string] => Boolean(entry[1])),
    ),
  );
  for (const name of Object.keys(environment)) {
    if (name.startsWith("RATCHET_") && !ownVariables.includes(name))
      throw new RatchetError(
        "InvalidInput",
        `environment variable ${name} is unknown; did you mean ${nearestName(name, ownVariables)}? (known: ${ownVariables.join(", ")})`,
        { field: name },
      );
  }
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = String(issue.path[0]);
    const value = mayHoldSecrets.has(name) ? "" : ` = "${environment[name]}"`;
    throw new RatchetError(
      "InvalidInput",
      `environment variable ${name}${value} ${issue.message}; correct it or unset it`,
      {
        field: name,
      },
    );
  }
  const values = parsed.data;
  const home = realPath(resolve(cwd, values.RATCHET_HOME));
  const userCache = join(values.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "ratchet");
  return Object.freeze({
    home,
    cacheFolder: values.RATCHET_CACHE === undefined ? userCache : resolve(cwd, values.RATCHET_CACHE),
    artifactFolder:
      values.RATCHET_ARTIFACTS === undefined
        ? join(home, "artifacts")
        : realPath(resolve(cwd, values.RATCHET_ARTIFACTS)),
    databaseUrl: values.DATABASE_URL,
    ...readTemporal(environment),
    offline: values.RATCHET_OFFLINE === "1",
    threads: values.RATCHET_THREADS,
    graceMs: values.RATCHET_GRACE * 1_000,
    prefixCacheBytes: values.RATCHET_PREFIX_CACHE_MB,
    logLevel: values.RATCHET_LOG_LEVEL,
    ...readMetrics(values.RATCHET_METRICS_ADDRESS, values.RATCHET_METRICS_TOKEN),
    payloadKeys: readPayloadKeys(values.RATCHET_PAYLOAD_KEY),
    versioning: values.RATCHET_VERSIONING,
    environment: Object.freeze(environment),
  });
}

/** Free of links, as far as it exists: what runs for a home is told by its path, which has to be one, however it is spelled. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(realPath(dirname(path)), basename(path));
  }
}

/** Others than this machine may ask only with a token. */
function readMetrics(
  address: string | undefined,
  token: string | undefined,
): Pick<Config, "metricsAddress" | "metricsToken"> {
  const metricsAddress = address === undefined ? undefined : readListenAddress(address);
  const metricsToken = checkToken(token);
  if (metricsAddress !== undefined && !metricsAddress.local && metricsToken === undefined)
    throw new RatchetError(
      "InvalidInput",
      `environment variable RATCHET_METRICS_ADDRESS = "${address}" is reached from other machines; set RATCHET_METRICS_TOKEN or RATCHET_METRICS_TOKEN_FILE, or listen on 127.0.0.1`,
      { field: "RATCHET_METRICS_ADDRESS" },
    );
  return { metricsAddress, metricsToken };
}

/** Environment variables over the temporal.toml profile, as every Temporal client resolves them. */
function readTemporal(
  environment: Record<string, string>,
): Pick<Config, "temporalConnection" | "temporalNamespace"> {
  try {
    const profile = loadClientConfigProfile({ overrideEnvVars: environment });
    const { connectionOptions, namespace } = toClientOptions(profile);
    if (profile.address === undefined && (profile.apiKey ?? profile.tls) !== undefined)
      throw new RatchetError(
        "InvalidInput",
        "Temporal credentials (TEMPORAL_API_KEY or TEMPORAL_TLS_*) are set but TEMPORAL_ADDRESS is not; set it to host:port, or unset them to use the embedded server",
        { field: "TEMPORAL_ADDRESS" },
      );
    return {
      temporalConnection: profile.address === undefined ? undefined : connectionOptions,
      temporalNamespace: namespace ?? "default",
    };
  } catch (error) {
    if (error instanceof RatchetError) throw error;
    throw new RatchetError(
      "InvalidInput",
      `the Temporal connection settings cannot be read: ${(error as Error).message}; correct TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE or the temporal.toml file`,
      { field: "TEMPORAL_*" },
      error,
    );
  }
}

import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";
import { editDistance, nearestName } from "./nearest.ts";
import { forgetSecrets } from "./secrets.ts";

const cwd = "/home/ada/project";
const bare = { HOME: "/nowhere" };

describe("readConfig", () => {
  it("defaults to embedded services under .ratchet in the current folder", () => {
    const config = readConfig(bare, cwd);
    expect(config.home).toBe("/home/ada/project/.ratchet");
    expect(config.artifactFolder).toBe("/home/ada/project/.ratchet/artifacts");
    expect(config.databaseUrl).toBeUndefined();
    expect(config.temporalConnection).toBeUndefined();
    expect(config.temporalNamespace).toBe("default");
    expect(config.offline).toBe(false);
    expect(config.threads).toBe(2);
    expect(config.graceMs).toBe(20_000);
    expect(config.prefixCacheBytes).toBeUndefined();
    expect(readConfig({ ...bare, RATCHET_PREFIX_CACHE_MB: "512" }, cwd).prefixCacheBytes).toBe(536_870_912);
    expect(config.logLevel).toBe("info");
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("knows the variables that docs/operations.md lists, and no others of its own", () => {
    const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
    const settings = page.slice(page.indexOf("## Settings"), page.indexOf("## Security"));
    const listed = settings.match(/`RATCHET_[A-Z_]+`/g)!.map((name) => name.slice(1, -1));
    let known = "";
    try {
      readConfig({ ...bare, RATCHET_NONE: "1" }, cwd);
    } catch (error) {
      known = /known: (.*)\)/.exec((error as Error).message)![1]!;
    }
    expect(listed.sort()).toEqual(known.split(", ").sort());
  });

  it("resolves folders against the current folder", () => {
    const config = readConfig(
      { ...bare, RATCHET_HOME: "data", RATCHET_ARTIFACTS: "../files", RATCHET_CACHE: "/cache" },
      cwd,
    );
    expect(config.home).toBe("/home/ada/project/data");
    expect(config.artifactFolder).toBe("/home/ada/files");
    expect(config.cacheFolder).toBe("/cache");
  });

  it("calls a folder by one name, whichever link leads to it", () => {
    const real = realpathSync(mkdtempSync(join(tmpdir(), "ratchet-config-")));
    symlinkSync(real, join(real, "link"));
    const { home, artifactFolder } = readConfig(
      { ...bare, RATCHET_HOME: join(real, "link", "new"), RATCHET_ARTIFACTS: join(real, "link") },
      cwd,
    );
    expect([home, artifactFolder]).toEqual([join(real, "new"), real]);
    rmSync(real, { recursive: true });
  });

  it("takes the grace in seconds, none at all too", () => {
    expect(readConfig({ ...bare, RATCHET_GRACE: "110" }, cwd).graceMs).toBe(110_000);
    expect(readConfig({ ...bare, RATCHET_GRACE: "0" }, cwd).graceMs).toBe(0);
  });

  it("keeps the cache where XDG_CACHE_HOME says", () => {
    expect(readConfig({ ...bare, XDG_CACHE_HOME: "/x" }, cwd).cacheFolder).toBe("/x/ratchet");
  });

  it("takes an empty variable for an unset one", () => {
    expect(readConfig({ ...bare, RATCHET_HOME: "", DATABASE_URL: "" }, cwd)).toMatchObject({
      home: "/home/ada/project/.ratchet",
      databaseUrl: undefined,
    });
  });

  it("takes an external Temporal from the environment", () => {
    const config = readConfig({ ...bare, TEMPORAL_ADDRESS: "temporal:7233", TEMPORAL_NAMESPACE: "lab" }, cwd);
    expect(config.temporalConnection).toMatchObject({ address: "temporal:7233" });
    expect(config.temporalNamespace).toBe("lab");
  });

  it("takes an external Temporal from a profile file", () => {
    const file = join(mkdtempSync(join(tmpdir(), "ratchet-config-")), "temporal.toml");
    writeFileSync(
      file,
      '[profile.cloud]\naddress = "x.tmprl.cloud:7233"\nnamespace = "x"\napi_key = "secret"\n',
    );
    const config = readConfig({ ...bare, TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: "cloud" }, cwd);
    expect(config.temporalConnection).toMatchObject({
      address: "x.tmprl.cloud:7233",
      apiKey: "secret",
      tls: true,
    });
  });

  const refused: [string, NodeJS.ProcessEnv, string][] = [
    [
      "an unknown RATCHET_ variable",
      { RATCHET_HOMES: "x" },
      "environment variable RATCHET_HOMES is unknown; did you mean RATCHET_HOME? (known: RATCHET_HOME, RATCHET_CACHE, RATCHET_ARTIFACTS, RATCHET_OFFLINE, RATCHET_THREADS, RATCHET_GRACE, RATCHET_PREFIX_CACHE_MB, RATCHET_LOG_LEVEL, RATCHET_METRICS_ADDRESS, RATCHET_METRICS_TOKEN, RATCHET_PAYLOAD_KEY, RATCHET_VERSIONING)",
    ],
    [
      "a switch that is neither 0 nor 1",
      { RATCHET_OFFLINE: "yes" },
      'environment variable RATCHET_OFFLINE = "yes" must be 0 or 1; correct it or unset it',
    ],
    [
      "a grace that is no number of seconds",
      { RATCHET_GRACE: "20s" },
      'environment variable RATCHET_GRACE = "20s" must be a whole number of seconds from 0 to 3600; correct it or unset it',
    ],
    [
      "a grace of more than an hour",
      { RATCHET_GRACE: "3601" },
      'environment variable RATCHET_GRACE = "3601" must be a whole number of seconds from 0 to 3600; correct it or unset it',
    ],
    [
      "a thread count that is no whole number",
      { RATCHET_THREADS: "1.5" },
      'environment variable RATCHET_THREADS = "1.5" must be a whole number from 1 to 256; correct it or unset it',
    ],
    [
      "a thread count out of range",
      { RATCHET_THREADS: "0" },
      'environment variable RATCHET_THREADS = "0" must be a whole number from 1 to 256; correct it or unset it',
    ],
    [
      "a prefix cache of no number of MiB",
      { RATCHET_PREFIX_CACHE_MB: "1GB" },
      'environment variable RATCHET_PREFIX_CACHE_MB = "1GB" must be a whole number of MiB from 0 to 1048576; correct it or unset it',
    ],
    [
      "an unknown log level",
      { RATCHET_LOG_LEVEL: "loud" },
      'environment variable RATCHET_LOG_LEVEL = "loud" must be one of debug, info, warn, error; correct it or unset it',
    ],
    [
      "a database URL that is none, without repeating what may hold a password",
      { DATABASE_URL: "mysql://u:secret@h/db" },
      "environment variable DATABASE_URL must be postgres://user:password@host:port/database; correct it or unset it",
    ],
    [
      "credentials in the Hub's address, without repeating them",
      { HF_ENDPOINT: "https://ada:secret@hub.example/mirror" },
      "environment variable HF_ENDPOINT must be http(s)://host/path without a user and a password; a mirror's token goes into HF_TOKEN; correct it or unset it",
    ],
    [
      "a Hub's address that is none, and may hold a password all the same",
      { HF_ENDPOINT: "ada:secret@hub.example" },
      "environment variable HF_ENDPOINT must be http(s)://host/path without a user and a password; a mirror's token goes into HF_TOKEN; correct it or unset it",
    ],
    [
      "a token that no header can hold, without repeating it",
      { HF_TOKEN: "hf_secret\nhf_other" },
      "environment variable HF_TOKEN must be one word of printable ASCII characters; correct it or unset it",
    ],
    [
      "Temporal credentials without an address",
      { TEMPORAL_API_KEY: "k" },
      "Temporal credentials (TEMPORAL_API_KEY or TEMPORAL_TLS_*) are set but TEMPORAL_ADDRESS is not; set it to host:port, or unset them to use the embedded server",
    ],
    [
      "a Temporal profile that no file has",
      { TEMPORAL_PROFILE: "lost" },
      "the Temporal connection settings cannot be read: Profile 'lost' not found in config data; correct TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE or the temporal.toml file",
    ],
  ];
  it("takes a mirror of the Hub, and a token with the line's end that a file gives it", () => {
    const hub = { HF_ENDPOINT: "http://127.0.0.1:8080/mirror", HF_TOKEN: "hf_secret\n" };
    expect(readConfig({ ...bare, ...hub }, cwd).environment).toEqual({ ...bare, ...hub });
  });

  it.each(refused)("refuses %s", (_, variables, message) => {
    expect(() => readConfig({ ...bare, ...variables }, cwd)).toThrow(message);
  });
});

describe("the nearest name", () => {
  it("counts insertions, deletions and substitutions", () => {
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("", "abc")).toBe(3);
    expect(editDistance("same", "same")).toBe(0);
  });

  it("is the one with the fewest edits, the earlier one on a tie", () => {
    expect(nearestName("RATCHET_HOM", ["RATCHET_CACHE", "RATCHET_HOME"])).toBe("RATCHET_HOME");
    expect(nearestName("b", ["a", "c"])).toBe("a");
  });
});

describe("secrets", () => {
  const folder = mkdtempSync(join(tmpdir(), "ratchet-secrets-"));
  const fileOf = (text: string) => {
    const file = join(folder, "secret");
    writeFileSync(file, text);
    return file;
  };
  const key = Buffer.alloc(32, 7).toString("base64");

  it("may be read from files, and then stand in the children's environment under their own names", () => {
    const config = readConfig({ ...bare, DATABASE_URL_FILE: fileOf("postgres://a:b@c/d\n") }, cwd);
    expect(config.databaseUrl).toBe("postgres://a:b@c/d");
    expect(config.environment).toEqual({ ...bare, DATABASE_URL: "postgres://a:b@c/d" });
  });

  it("are refused twice given, unreadable or empty, without being shown", () => {
    const read = (variables: Record<string, string>) => () => readConfig({ ...bare, ...variables }, cwd);
    expect(read({ HF_TOKEN: "x", HF_TOKEN_FILE: fileOf("y") })).toThrow(
      "environment variable HF_TOKEN_FILE and HF_TOKEN are both set; unset one of them",
    );
    expect(read({ HF_TOKEN_FILE: "/nowhere" })).toThrow(
      'environment variable HF_TOKEN_FILE = "/nowhere" cannot be read (ENOENT)',
    );
    expect(read({ RATCHET_PAYLOAD_KEY_FILE: fileOf(" \n") })).toThrow("is empty");
    expect(read({ RATCHET_PAYLOAD_KEY: "c2hvcnQ=" })).toThrow(
      "environment variable RATCHET_PAYLOAD_KEY must be 32 bytes in base64, 44 characters each; make one with: openssl rand -base64 32",
    );
  });

  it("hold several payload keys, the encrypting one first", () => {
    const second = Buffer.alloc(32, 8).toString("base64");
    const { payloadKeys } = readConfig({ ...bare, RATCHET_PAYLOAD_KEY: `${key}\n${second}` }, cwd);
    expect(payloadKeys).toEqual([Buffer.alloc(32, 7), Buffer.alloc(32, 8)]);
    expect(readConfig(bare, cwd).payloadKeys).toEqual([]);
  });

  it("are forgotten by a process that has read them", () => {
    const variables = {
      ...{ PATH: "/bin", DATABASE_URL: "a", HF_TOKEN: "b", TEMPORAL_API_KEY: "c" },
      TEMPORAL_GRPC_META_X_API_KEY: "d",
    };
    forgetSecrets(variables);
    expect(variables).toEqual({ PATH: "/bin" });
  });
});

describe("the metrics address", () => {
  const metrics = (address: string, token?: string) =>
    readConfig(
      { ...bare, RATCHET_METRICS_ADDRESS: address, ...(token && { RATCHET_METRICS_TOKEN: token }) },
      cwd,
    ).metricsAddress;

  it("needs no token on this machine", () => {
    expect(metrics("127.0.0.1:9464")).toEqual({ host: "127.0.0.1", port: 9464, local: true });
    expect(metrics("localhost:9464")).toEqual({ host: "127.0.0.1", port: 9464, local: true });
    expect(metrics("[::1]:9464")).toEqual({ host: "::1", port: 9464, local: true });
  });

  it("needs a token of 16 characters where other machines reach it", () => {
    expect(() => metrics("0.0.0.0:9464")).toThrow(
      'RATCHET_METRICS_ADDRESS = "0.0.0.0:9464" is reached from other machines; set RATCHET_METRICS_TOKEN or RATCHET_METRICS_TOKEN_FILE, or listen on 127.0.0.1',
    );
    expect(() => metrics("0.0.0.0:9464", "short")).toThrow("RATCHET_METRICS_TOKEN has under 16 characters");
    expect(metrics("[::]:9464", "0123456789abcdef")).toEqual({ host: "::", port: 9464, local: false });
  });

  it.each(["9464", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "example.org:9464", "127.0.0.1:80/x"])(
    "is not %s",
    (address) => {
      expect(() => metrics(address)).toThrow("must be an IP address and a port from 1 to 65535");
    },
  );
});

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";
import { editDistance, nearestName } from "./nearest.ts";

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
    expect(config.logLevel).toBe("info");
    expect(Object.isFrozen(config)).toBe(true);
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
      "environment variable RATCHET_HOMES is unknown; did you mean RATCHET_HOME? (known: RATCHET_HOME, RATCHET_CACHE, RATCHET_ARTIFACTS, RATCHET_OFFLINE, RATCHET_THREADS, RATCHET_LOG_LEVEL)",
    ],
    [
      "a switch that is neither 0 nor 1",
      { RATCHET_OFFLINE: "yes" },
      'environment variable RATCHET_OFFLINE = "yes" must be 0 or 1; correct it or unset it',
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

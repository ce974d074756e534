import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../config/config.ts";
import { cachedTemporalPath, findTemporal, isNewEnough } from "./temporal-binary.ts";

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), "ratchet-temporal-"));
  const bin = join(folder, "bin");
  const config = readConfig({ HOME: folder, PATH: `${bin}:/nowhere`, RATCHET_CACHE: join(folder, "cache") });
  const program = (path: string, prints: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\necho "${prints}"\n`, { mode: 0o755 });
  };
  return { config, onPath: join(bin, "temporal"), cached: cachedTemporalPath(config), program };
}

describe("the Temporal CLI", () => {
  it("is the one on PATH where that is new enough", () => {
    const { config, onPath, program } = setUp();
    program(onPath, "temporal version 1.8.2 (Server 1.31.0, UI 2.50.0)");
    expect(findTemporal(config)).toEqual({ path: onPath, version: "1.8.2", source: "PATH" });
  });

  it.each(["temporal version 1.3.9 (Server 1.27.0)", "some other program"])(
    "is the cached one where PATH has %s",
    (prints) => {
      const { config, onPath, cached, program } = setUp();
      program(onPath, prints);
      program(cached, "");
      expect(findTemporal(config)).toEqual({ path: cached, version: "1.9.1", source: "cache" });
    },
  );

  it("is missing where neither is there", () => {
    expect(findTemporal(setUp().config)).toBeUndefined();
  });

  it("is new enough from 1.4 on", () => {
    expect(["1.3.9", "1.4.0", "1.10.2", "2.0.0", "0.9.0"].map(isNewEnough)).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });
});

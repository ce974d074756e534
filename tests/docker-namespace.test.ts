/** What prepares a Temporal cluster's namespace in containers, against a real Temporal server. */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Connection } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../src/config/config.ts";
import { chooseFreePort, isPortFree } from "../src/services/ports.ts";
import { findTemporal } from "../src/services/temporal-binary.ts";
import { downloadTemporal } from "../src/services/temporal-download.ts";
import { searchAttributes } from "../src/workflows/names.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

describe("the namespace's preparation", () => {
  const folder = mkdtempSync(join(tmpdir(), "ratchet-docker-"));
  let server: ReturnType<typeof spawn>;
  let address: string;

  beforeAll(async () => {
    const config = readConfig();
    const { path } = findTemporal(config) ?? (await downloadTemporal(config, () => undefined));
    const port = await chooseFreePort(0, process.pid + 1, (free) => free !== 0);
    address = `127.0.0.1:${port}`;
    const flags = ["--headless", "--ip", "127.0.0.1", "--port", `${port}`, "--log-level", "never"];
    server = spawn(path, ["server", "start-dev", ...flags], {
      env: { HOME: folder, PATH: "/usr/bin:/bin" },
      stdio: "ignore",
    });
    while (await isPortFree(port)) await sleep(50);
  });

  afterAll(() => {
    server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const prepare = (settings: Record<string, string>) =>
    run(process.execPath, ["bin/launch.mjs", "docker/prepare-namespace.ts"], {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: folder, ...settings },
    });

  it("registers namespace, retention and search attributes, and may be repeated", async () => {
    const connection = await Connection.connect({ address });
    const fresh = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: "fresh" };
    await prepare(fresh);
    expect((await prepare(fresh)).stdout).toBe("namespace 'fresh' is ready\n");
    const { config } = await connection.workflowService.describeNamespace({ namespace: "fresh" });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3600);
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: "fresh",
    });
    for (const { name } of Object.values(searchAttributes)) expect(customAttributes).toHaveProperty(name);
    await connection.close();
  });

  it("says in one line what is missing", async () => {
    const failure = await prepare({}).catch((error: { code: number; stderr: string }) => error);
    expect(failure).toMatchObject({ code: 1, stderr: "TEMPORAL_ADDRESS is not set; set it to host:port\n" });
  });
});

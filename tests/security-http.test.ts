/** What a served environment makes of hostile requests: it listens on this machine alone, and none reaches a tool. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEnvironmentFile } from "../src/core/formats/environment-file.ts";
import { type EnvironmentServer, serveHttp } from "../src/serve/http.ts";

const example = fileURLToPath(new URL("../examples/environment.json", import.meta.url));
const environment = readEnvironmentFile(JSON.parse(readFileSync(example, "utf8")), example);
/** No request below may get as far as a tool. */
const sandbox = {
  run: () => Promise.reject(new Error("a tool ran")),
  close: async () => {},
};
let server: EnvironmentServer;

beforeAll(async () => {
  server = await serveHttp(environment, sandbox, 0);
});
afterAll(() => server.close());

/** The path goes over the wire as it is written, unlike with `fetch`. */
function asked(method: string, path: string, body?: Buffer): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: server.port, method, path }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode!, body: text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

describe("a served environment", () => {
  it("is reached on this machine's own address alone", async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === "IPv4");
    for (const { address } of others) {
      const socket = connect(server.port, address);
      const outcome = await Promise.race([
        once(socket, "connect").then(() => "connected"),
        once(socket, "error").then(() => "refused"),
      ]).catch(() => "refused");
      socket.destroy();
      expect(outcome).toBe("refused");
    }
  });

  it.each([
    "/../../etc/passwd",
    "/sessions/../../../etc/passwd",
    "/sessions/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/tools/../../package.json",
    "/__proto__",
    "/sessions/__proto__",
    "/sessions/constructor",
  ])("has no file and no object behind %s", async (path) => {
    const { status, body } = await asked("GET", path);
    expect(status).toBe(404);
    expect(body).not.toMatch(/root:|"dependencies"/);
  });

  it("refuses bodies over a mebibyte, on every path that reads one", async () => {
    const huge = Buffer.alloc(1024 * 1024 + 1, 0x20);
    for (const path of ["/calls", "/mcp"]) {
      const { status, body } = await asked("POST", path, huge);
      expect([path, status]).toEqual([path, 413]);
      expect(body).toContain("over its limit of 1048576 bytes");
    }
  });

  it("refuses what nests without end", async () => {
    const nested = Buffer.from(`${"[".repeat(400_000)}${"]".repeat(400_000)}`);
    expect((await asked("POST", "/calls", nested)).status).toBe(400);
    expect((await fetch(`http://127.0.0.1:${server.port}/tools`)).status).toBe(200);
  });
});

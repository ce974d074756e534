import { once } from "node:events";
import { createServer, request } from "node:http";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { type Observed, serveHealth } from "./health.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const healthy: Observed = {
  health: async () => ({ ok: true, role: "cpu-worker" }),
  metrics: async () => "ratchet_things_total 3\n",
};

/** A server on a port that was free a moment ago, asked by this function. */
async function served(observed: Observed, token?: string, host = "127.0.0.1") {
  const probe = createServer().listen(0, host);
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  open.push(await serveHealth({ host, port, local: host === "127.0.0.1" }, token, observed));
  return (path: string, headers: Record<string, string> = {}, method = "GET") =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const asked = request({ host, port, path, headers, method }, (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on("end", () => resolve({ status: response.statusCode!, body }));
      });
      asked.on("error", reject);
      asked.end();
    });
}

describe("a process that is looked at", () => {
  it("answers how it is and what it counted", async () => {
    const ask = await served(healthy);
    expect(await ask("/healthz")).toEqual({ status: 200, body: '{"ok":true,"role":"cpu-worker"}\n' });
    expect(await ask("/metrics?x=1")).toEqual({ status: 200, body: "ratchet_things_total 3\n" });
  });

  it("answers 503 while it is not well, and 500 where it cannot tell", async () => {
    const ask = await served({
      health: async () => ({ ok: false, state: "starting" }),
      metrics: () => Promise.reject(new Error("no exporter")),
    });
    expect(await ask("/healthz")).toEqual({ status: 503, body: '{"ok":false,"state":"starting"}\n' });
    expect(await ask("/metrics")).toEqual({ status: 500, body: "no exporter\n" });
  });

  it("has nothing else, and changes nothing", async () => {
    const ask = await served(healthy);
    for (const path of ["/", "/healthz/../../etc/passwd", "/metrics/x", "//metrics"])
      expect((await ask(path)).status).toBe(404);
    expect((await ask("/healthz", {}, "POST")).status).toBe(404);
  });

  it("does not answer a page of another origin, nor a name that was made to lead here", async () => {
    const ask = await served(healthy);
    expect((await ask("/metrics", { host: "evil.example:80" })).status).toBe(403);
    expect((await ask("/metrics", { origin: "https://evil.example" })).status).toBe(403);
    expect((await ask("/healthz", { host: "localhost:1", origin: "http://localhost:2" })).status).toBe(200);
  });

  it("asks for the token where there is one, but for its health when asked on this machine", async () => {
    const ask = await served(healthy, "0123456789abcdef");
    const refused = { status: 401, body: "Authorization: Bearer TOKEN is missing or wrong\n" };
    expect(await ask("/metrics")).toEqual(refused);
    expect(await ask("/metrics", { authorization: "Bearer 0123456789abcdeF" })).toEqual(refused);
    const given = { authorization: "Bearer 0123456789abcdef", host: "scraper.example" };
    expect((await ask("/metrics", given)).status).toBe(200);
    expect((await ask("/healthz")).status).toBe(200);
    expect(await ask("/healthz", { host: "kubelet.example" })).toEqual(refused);
    expect((await ask("/healthz", given)).status).toBe(200);
  });

  const elsewhere = Object.values(networkInterfaces())
    .flat()
    .find((address) => address !== undefined && !address.internal && address.family === "IPv4")?.address;
  it.runIf(elsewhere)("tells other machines nothing without it, whatever they call themselves", async () => {
    const ask = await served(healthy, "0123456789abcdef", elsewhere);
    for (const path of ["/healthz", "/metrics"])
      expect((await ask(path, { host: "127.0.0.1" })).status).toBe(401);
    expect((await ask("/healthz", { authorization: "Bearer 0123456789abcdef" })).status).toBe(200);
  });
});

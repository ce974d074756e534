/**
 * Where a process says how it is: /healthz, and /metrics in Prometheus's text format. Where there is a token both ask for
 * it, /healthz of other machines only; without one, only requests meant for this machine are answered.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Config } from "../config/config.ts";
import { isMeantForThisMachine } from "../core/local-request.ts";

export interface Health {
  /** False answers 503: a container that stays so is to be replaced. */
  readonly ok: boolean;
  /** What it is about, for a person. */
  readonly [detail: string]: unknown;
}

export interface Observed {
  health(): Promise<Health>;
  /** Prometheus's text format, version 0.0.4. */
  metrics(): Promise<string>;
}

type Address = NonNullable<Config["metricsAddress"]>;

/** A scraper that does not read its answer must not hold a socket for ever. */
const requestLimitMs = 10_000;

/** Rejects where the address cannot be listened on. */
export async function serveHealth(
  { host, port }: Address,
  token: string | undefined,
  observed: Observed,
): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(request, response, token, observed).catch((error: unknown) =>
      reply(response, 500, "text/plain", `${(error as Error).message}\n`),
    );
  });
  server.requestTimeout = requestLimitMs;
  server.timeout = requestLimitMs;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, resolve);
  });
  // Being looked at keeps no process alive.
  server.unref();
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: string | undefined,
  observed: Observed,
): Promise<void> {
  const { headers, socket } = request;
  if (token === undefined && !isMeantForThisMachine(headers))
    return reply(response, 403, "text/plain", "only requests to and from this machine are answered\n");
  const knowsToken = token === undefined || same(headers.authorization ?? "", `Bearer ${token}`);
  const unknown = () =>
    reply(response, 401, "text/plain", "Authorization: Bearer TOKEN is missing or wrong\n");
  switch (`${request.method} ${request.url?.split("?")[0]}`) {
    case "GET /healthz": {
      // The supervisor, and the health check of a container, ask from beside the process.
      const isBeside = isLoopback(socket.remoteAddress) && isMeantForThisMachine(headers);
      if (!knowsToken && !isBeside) return unknown();
      const health = await observed.health();
      return reply(response, health.ok ? 200 : 503, "application/json", `${JSON.stringify(health)}\n`);
    }
    case "GET /metrics":
      if (!knowsToken) return unknown();
      return reply(response, 200, "text/plain; version=0.0.4; charset=utf-8", await observed.metrics());
    default:
      return reply(response, 404, "text/plain", "there are GET /healthz and GET /metrics\n");
  }
}

/** IPv4 on a socket of IPv6 is written ::ffff:127.0.0.1. */
const isLoopback = (address = "") => /^(::1|(::ffff:)?127\.[\d.]+)$/.test(address);

/** In the same time wherever they differ. */
function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}

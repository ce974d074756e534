import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { caseOf, chainCandidate } from "../../tests/support/small-world.ts";
import { createMcpEndpoint } from "./mcp-endpoint.ts";
import { openSession } from "./session.ts";

it("keeps the sessions of a full house from a client that it does not understand", async () => {
  const sandbox = { run: async () => [], close: async () => {} };
  const endpoint = createMcpEndpoint(() => openSession(caseOf(chainCandidate), sandbox), 1);
  const server = createServer((request, response) => void endpoint.handle(request, response)).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const asked = (method: string, headers: Record<string, string>, params: object) =>
    fetch(`http://127.0.0.1:${port}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
  const hello = {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "a client", version: "1" },
  };
  const first = await asked("initialize", {}, hello);
  const session = { "mcp-session-id": first.headers.get("mcp-session-id")! };
  expect(session["mcp-session-id"]).not.toBe(null);
  expect((await asked("initialize", { accept: "text/plain" }, hello)).status).toBe(406);
  expect((await asked("tools/list", session, {})).status).toBe(200);
  await endpoint.close();
  server.close();
});

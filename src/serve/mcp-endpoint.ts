/** MCP's streamable HTTP: a client that initializes gets a session of its own, named in a header from then on. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import { createMcpServer } from "./mcp.ts";
import { Refusal, readBody } from "./messages.ts";
import type { Session } from "./session.ts";
import { createSessions } from "./sessions.ts";

export interface McpEndpoint {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

export function createMcpEndpoint(open: () => Session, mostSessions: number): McpEndpoint {
  const sessions = createSessions<StreamableHTTPServerTransport>(mostSessions, (transport) => {
    void transport.close();
  });

  const begin = async (request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> => {
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      // Asked of a client that was understood: of a thousand others, those that are at work would lose their sessions.
      sessionIdGenerator: () => sessions.add(() => transport),
    });
    transport.onclose = () => {
      if (transport.sessionId !== undefined) sessions.end(transport.sessionId);
    };
    await createMcpServer(open()).connect(
      transport as Parameters<ReturnType<typeof createMcpServer>["connect"]>[0],
    );
    await transport.handleRequest(request, response, body);
  };

  return {
    async handle(request, response) {
      const id = request.headers["mcp-session-id"];
      const body = request.method === "POST" ? await readBody(request) : undefined;
      const known = typeof id === "string" ? sessions.get(id) : undefined;
      if (id !== undefined && !known)
        throw new Refusal(404, "this MCP session is unknown or was ended; initialize again");
      if (!known && !isInitializeRequest(body))
        throw new Refusal(400, "an MCP session begins with initialize");
      if (known) await known.handleRequest(request, response, body);
      else await begin(request, response, body);
    },
    close: async () => sessions.endAll(),
  };
}

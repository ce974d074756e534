/** A session as an MCP server. An error of a tool, unknown names and bad arguments included, is a result with `isError`. */
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import type { Session } from "./session.ts";

export function createMcpServer(session: Session): Server {
  const server = new Server(
    { name: "ratchet-environment", version: "1" },
    { capabilities: { tools: {} }, instructions: "Answer the question by calling the tools." },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: session.tools.map(({ name, description, parameters }) => ({
      name,
      description,
      inputSchema: parameters,
    })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const { ok, text } = await session.call(params.name, params.arguments ?? {}, { signal });
    return { content: [{ type: "text", text }], isError: !ok };
  });
  return server;
}

/** Serves one session on standard input and output; resolves when the client has closed them. */
export async function serveStdio(session: Session): Promise<void> {
  const server = createMcpServer(session);
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
  });
  process.stdin.once("end", () => void server.close());
  await server.connect(new StdioServerTransport());
  await closed;
}

/**
 * A session as an MCP server, whose instructions are the environment's prompt. An error of a tool, unknown names and
 * arguments that are no object included, is a result with `isError`.
 */
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import {
  CallToolRequestParamsSchema,
  CallToolRequestSchema,
  ListToolsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { Session } from "./session.ts";

/** Arguments are the model's: what they are is for the session to say, whereas the protocol would refuse the request. */
const anyCallSchema = CallToolRequestSchema.extend({
  params: CallToolRequestParamsSchema.extend({
    arguments: z
      .unknown()
      .default({})
      .transform((given) => ({ given })),
  }),
});

export function createMcpServer(session: Session): Server {
  const server = new Server(
    { name: "ratchet-environment", version: "1" },
    {
      capabilities: { tools: {} },
      instructions: session.messages.map(({ content }) => content).join("\n\n"),
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: session.tools.map(({ name, description, parameters }) => ({
      name,
      description,
      inputSchema: parameters,
    })),
  }));
  server.setRequestHandler(anyCallSchema, async ({ params }, { signal }) => {
    const { ok, text } = await session.call(params.name, params.arguments.given, { signal });
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

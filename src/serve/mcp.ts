/**
 * A session as an MCP server, whose instructions are the environment's prompt. An error of a tool, unknown names and
 * arguments that are no object included, is a result with `isError`.
 */
import type { Readable, Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
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

/**
 * Serves one session on the streams; resolves when the client has closed the first of them and what it asked before is
 * answered, as it is where a file of requests is piped in.
 */
export async function serveStdio(
  session: Session,
  input: Readable = process.stdin,
  output: Writable = process.stdout,
): Promise<void> {
  const calls = new Set<Promise<unknown>>();
  const server = createMcpServer({
    ...session,
    call(...given) {
      const call = session.call(...given);
      calls.add(call);
      return call.finally(() => calls.delete(call));
    },
  });
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
  });
  const close = async () => {
    // The last request may still be on its way to its call, and an answer on its way to the client.
    await nextTurn();
    while (calls.size > 0) {
      await Promise.allSettled(calls);
      await nextTurn();
    }
    await server.close();
  };
  input.once("end", () => void close());
  await server.connect(new StdioServerTransport(input, output));
  await closed;
}

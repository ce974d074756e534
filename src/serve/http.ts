/**
 * An environment on this machine's own address: MCP at `/mcp`, and tools in OpenAI's form as plain HTTP. Only requests
 * that were meant for this machine are answered, so that no web page can call tools through a visitor's browser.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { RatchetError } from "../core/errors.ts";
import type { Case } from "../core/gates/gate.ts";
import { isMeantForThisMachine } from "../core/local-request.ts";
import type { Sandbox } from "../core/ports/sandbox.ts";
import { createMcpEndpoint } from "./mcp-endpoint.ts";
import { Refusal, type Reply, readBody, send } from "./messages.ts";
import { openSession, type Session } from "./session.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { readToolCall } from "./tool-call.ts";

/** Each holds a few counters; their number is bounded so that a client that ends none costs nothing. */
const mostSessions = 1_024;

export interface EnvironmentServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Port 0 takes any that is free. Throws ServiceUnavailable where the port is taken. */
export async function serveHttp(subject: Case, sandbox: Sandbox, port: number): Promise<EnvironmentServer> {
  const sessions = createSessions<Session>(mostSessions, () => {});
  const open = () => openSession(subject, sandbox);
  const mcp = createMcpEndpoint(open, mostSessions);
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      const refusal = error instanceof Refusal ? error : new Refusal(500, String((error as Error).message));
      send(response, { status: refusal.status, body: { error: refusal.message } });
    });
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isMeantForThisMachine(request.headers))
      throw new Refusal(403, "only requests to and from this machine are answered");
    const target = request.url ?? "/";
    if (!URL.canParse(target, "http://localhost")) throw new Refusal(400, "the path is none");
    const path = new URL(target, "http://localhost").pathname;
    if (path === "/mcp") return mcp.handle(request, response);
    send(response, await routed(request, path, sessions, open));
  };
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new RatchetError(
          "ServiceUnavailable",
          `port ${port} of 127.0.0.1 cannot be used (${error.code}); choose another with --port, or 0 for any`,
          { port },
          error,
        ),
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    close: async () => {
      await mcp.close();
      sessions.endAll();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function routed(
  request: IncomingMessage,
  path: string,
  sessions: Sessions<Session>,
  open: () => Session,
): Promise<Reply> {
  const [, top, id, rest] = path.split("/");
  const route = `${request.method} /${top}${id === undefined ? "" : "/ID"}${rest === undefined ? "" : `/${rest}`}`;
  switch (route) {
    case "GET /tools": {
      const { messages, tools } = open();
      return {
        status: 200,
        body: { messages, tools: tools.map((document) => ({ type: "function", function: document })) },
      };
    }
    case "POST /calls":
      return called(open(), await readBody(request));
    case "POST /sessions":
      return { status: 201, body: { session: sessions.add(open) } };
    case "GET /sessions/ID":
      return { status: 200, body: { session: id, ...known(sessions, id!).progress() } };
    case "DELETE /sessions/ID":
      if (!sessions.end(id!)) throw unknownSession(id!);
      return { status: 204 };
    case "POST /sessions/ID/calls":
      return called(known(sessions, id!), await readBody(request));
    default:
      throw new Refusal(
        404,
        `${request.method} ${path} is nothing here; there are GET /tools, POST /calls, POST /sessions, GET and DELETE /sessions/ID, POST /sessions/ID/calls, and MCP at /mcp`,
      );
  }
}

/** A tool message, ready to be appended to a conversation; `error` says whether the tool refused. */
async function called(session: Session, body: unknown): Promise<Reply> {
  const { id, name, given, text: written } = readToolCall(body);
  const { ok, text } = await session.call(name, given, { written });
  const call = id === undefined ? {} : { tool_call_id: id };
  return { status: 200, body: { role: "tool", ...call, name, content: text, error: !ok } };
}

function known(sessions: Sessions<Session>, id: string): Session {
  const session = sessions.get(id);
  if (session === undefined) throw unknownSession(id);
  return session;
}

const unknownSession = (id: string) =>
  new Refusal(404, `session ${id.slice(0, 40)} is unknown or was ended; open one with POST /sessions`);

/** HTTP without a framework: bodies of bounded size in, JSON out. */
import type { IncomingMessage, ServerResponse } from "node:http";

/** Arguments of a tool call are a few hundred bytes. */
const longestBody = 1024 * 1024;

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/** What the client did wrong, with the HTTP status that says so. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > longestBody) throw new Refusal(413, `the body is over its limit of ${longestBody} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Refusal(400, "the body is no JSON");
  }
}

export function send(response: ServerResponse, { status, body }: Reply): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  const headers = {
    ...(body !== undefined && { "content-type": "application/json" }),
    // What is left of a body that nobody reads is in the way of the connection's next request.
    ...(status === 413 && { connection: "close" }),
  };
  response.writeHead(status, headers).end(body === undefined ? undefined : JSON.stringify(body));
}

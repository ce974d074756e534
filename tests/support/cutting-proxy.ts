/**
 * Stands before a Postgres and loses its network at one statement: before the server hears it, in the middle of it, once
 * it is sent, or once it is answered. Or it only dawdles: a statement stalls until it is let go, or each is late. Statements are told apart as the protocol does: each ends with a Query or a Sync.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export const moments = ["unsent", "half-sent", "sent", "answered"] as const;
export type Moment = (typeof moments)[number];

interface Cut {
  readonly statement: number;
  readonly moment: Moment | "stalled";
}

export interface CuttingProxy {
  /** The URL of the server, through the proxy. */
  urlOf(databaseUrl: string): string;
  /** Counts statements anew; at the given one, 0 being the next, the connection is lost. */
  arm(cut?: Cut): void;
  /** Lets what stalled reach the server, late. */
  letGo(): void;
  /** Every statement reaches the server this much later. */
  delay(milliseconds: number): void;
  /** Statements since it was armed. */
  statements(): number;
  /** Resolves once the server has noticed: what it did of the statement is done. */
  noticed(): Promise<void>;
  close(): Promise<void>;
}

const query = "Q".charCodeAt(0);
const sync = "S".charCodeAt(0);
const ready = "Z".charCodeAt(0);

export async function openCuttingProxy(port: number): Promise<CuttingProxy> {
  let cut: Cut | undefined;
  let delayMs = 0;
  let stalls = new Set<() => void>();
  let statements = 0;
  let noticed: Promise<unknown> = Promise.resolve();
  const open = new Set<Socket>();

  const server = createServer((client) => {
    const backend = connect(port, "127.0.0.1");
    for (const socket of [client, backend]) {
      open.add(socket);
      // A reset is how the loss looks from either side.
      socket.on("error", () => undefined).on("close", () => open.delete(socket));
    }
    client.on("close", () => backend.end());
    backend.on("close", () => client.destroy());
    let isLost = false;
    let awaitsAnswer = false;
    /** What the server has to hear before the rest: a connection keeps its order. */
    let heard: Promise<unknown> | undefined;
    const pass = (bytes: Buffer) => {
      if (heard === undefined) backend.write(bytes);
      else heard = heard.then(() => backend.write(bytes));
    };
    const lose = (bytes: Buffer) => {
      isLost = true;
      noticed = once(backend, "close");
      client.destroy();
      backend.end(bytes);
    };
    const statement = (bytes: Buffer) => {
      if (isLost) return;
      const moment = cut?.statement === statements++ ? cut.moment : undefined;
      if (moment === "stalled") heard = new Promise<void>((resolve) => stalls.add(resolve));
      if (delayMs > 0) heard = (heard ?? Promise.resolve()).then(() => sleep(delayMs));
      if (moment === undefined || moment === "stalled") pass(bytes);
      else if (moment === "answered") {
        awaitsAnswer = true;
        backend.write(bytes);
      } else
        lose(bytes.subarray(0, { unsent: 0, "half-sent": bytes.length >> 1, sent: bytes.length }[moment]));
    };

    let unread = Buffer.alloc(0);
    let held: Buffer[] = [];
    let isStarted = false;
    client.on("data", (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      for (;;) {
        // The first message has no type byte.
        const header = isStarted ? 1 : 0;
        if (unread.length < header + 4) return;
        const length = header + unread.readInt32BE(header);
        if (unread.length < length) return;
        const message = unread.subarray(0, length);
        unread = unread.subarray(length);
        const type = isStarted ? message[0] : undefined;
        held.push(message);
        const isWhole = type === query || type === sync;
        // Signing in and saying goodbye are no statements, and have no Sync.
        const isOther = type === undefined || type === "p".charCodeAt(0) || type === "X".charCodeAt(0);
        isStarted = true;
        if (isWhole) statement(Buffer.concat(held));
        else if (isOther && !isLost) pass(message);
        if (isWhole || isOther) held = [];
      }
    });
    backend.on("data", (chunk) => {
      if (isLost) return;
      if (!awaitsAnswer) return void client.write(chunk);
      // ReadyForQuery, five bytes and a status, ends every answer.
      if (chunk.length >= 6 && chunk[chunk.length - 6] === ready) lose(Buffer.alloc(0));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: ownPort } = server.address() as AddressInfo;
  return {
    urlOf: (databaseUrl) => {
      const url = new URL(databaseUrl);
      url.hostname = "127.0.0.1";
      url.port = String(ownPort);
      return url.href;
    },
    arm: (at) => {
      cut = at;
      statements = 0;
    },
    letGo: () => {
      for (const go of stalls) go();
      stalls = new Set();
    },
    delay: (milliseconds) => {
      delayMs = milliseconds;
    },
    statements: () => statements,
    noticed: async () => void (await noticed),
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

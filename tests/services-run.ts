/** Services in a home of their own, with stub workers; and what tests ask of them. */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client, Connection } from "@temporalio/client";
import pg from "pg";
import type { Endpoints } from "../src/services/endpoints.ts";
import { launcher } from "../src/services/launcher.ts";

const program = fileURLToPath(new URL("fixtures/services/supervise.ts", import.meta.url));

/** Resolves with the supervisor's process once everything is ready. */
export function supervise(home: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [launcher, program], {
    env: { ...process.env, RATCHET_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes("ready ")) resolve(child);
      });
    child.once("exit", (code) => reject(new Error(`the supervisor ended with ${code}: ${output}`)));
  });
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 30_000,
): Promise<number> {
  const startedAt = Date.now();
  while (!(await condition())) {
    if (Date.now() - startedAt > limitMs) throw new Error(`${what} did not happen within ${limitMs} ms`);
    await sleep(20);
  }
  return Date.now() - startedAt;
}

export const ended = (child: ChildProcess) =>
  until("the end", () => child.exitCode !== null || child.signalCode !== null);

export async function query(endpoints: Endpoints, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: endpoints.databaseUrl });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

export async function withTemporal<T>(endpoints: Endpoints, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect(endpoints.temporalConnection);
  try {
    return await use(new Client({ connection, namespace: endpoints.temporalNamespace }));
  } finally {
    await connection.close();
  }
}

/**
 * Which local ports the embedded services use. Chosen once, below the range that outgoing connections draw from
 * (32768 and up), so that a restart finds them free again.
 */
import { createServer } from "node:net";
import { RatchetError } from "../core/errors.ts";

export const localHost = "127.0.0.1";
const lowest = 20_000;
const highest = 32_767;

/** Whether this process could listen there now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: localHost, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * The preferred port where it is free, else the first free one from a start that differs between homes. That a port is
 * free now says nothing of the moment it is used, so `claim` has the last word on each. `seed` is any non-negative integer.
 */
export async function chooseFreePort(
  preferred: number,
  seed: number,
  claim: (port: number) => boolean,
): Promise<number> {
  if ((await isPortFree(preferred)) && claim(preferred)) return preferred;
  for (let step = 0; step < 500; step++) {
    const port = lowest + ((seed + step) % (highest - lowest + 1));
    if ((await isPortFree(port)) && claim(port)) return port;
  }
  throw new RatchetError(
    "ServiceUnavailable",
    `none of 500 local ports between ${lowest} and ${highest} is free; end what holds them, or use services of your own (DATABASE_URL, TEMPORAL_ADDRESS)`,
    { lowest, highest },
  );
}

/**
 * Exits 0 while something in this container has a connection to Temporal, 1 otherwise. A worker ends by itself when it
 * fails, so what is left to see is that it has come up and is not cut off. Whether it polls is not asked: the GPU worker
 * has one slot and does not poll for the minutes that an update takes.
 */
import { existsSync, readFileSync } from "node:fs";

const port = Number(/:(\d+)$/.exec(process.env.TEMPORAL_ADDRESS ?? "")?.[1] ?? 7233);
// proc(5), net/tcp: local address, remote address and state in hexadecimal; state 01 is an established connection.
const established = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, "0")} 01 `);
const tables = ["/proc/net/tcp", "/proc/net/tcp6"].filter((file) => existsSync(file));
process.exitCode = tables.some((file) => established.test(readFileSync(file, "utf8"))) ? 0 : 1;

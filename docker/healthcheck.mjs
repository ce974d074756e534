/**
 * Exits 0 while this container's worker says that it runs and that Temporal answers it, 1 otherwise. Whether it polls at
 * this moment is not asked: the GPU worker has one slot and does not poll for the minutes that an update takes.
 */
import { readFileSync } from "node:fs";

const {
  RATCHET_METRICS_ADDRESS: address = "",
  RATCHET_METRICS_TOKEN_FILE: tokenFile,
  RATCHET_METRICS_TOKEN: token = tokenFile && readFileSync(tokenFile, "utf8").trim(),
} = process.env;
const [, listening, port] = /^(.*):(\d+)$/.exec(address) ?? ["", "", "9464"];
/** A worker that listens on every address is asked on the container's own. */
const host = ["", "0.0.0.0", "[::]"].includes(listening) ? "127.0.0.1" : listening;
/** Below the image's own limit of 5 s. */
const limitMs = 4_000;
process.exitCode = await fetch(`http://${host}:${port}/healthz`, {
  headers: token ? { authorization: `Bearer ${token}` } : {},
  signal: AbortSignal.timeout(limitMs),
}).then(
  ({ ok }) => (ok ? 0 : 1),
  () => 1,
);

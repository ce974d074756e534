/**
 * Exits 0 while this container's worker says that it runs and that Temporal answers it, 1 otherwise. Whether it polls at
 * this moment is not asked: the GPU worker has one slot and does not poll for the minutes that an update takes.
 */
const port = /:(\d+)$/.exec(process.env.RATCHET_METRICS_ADDRESS ?? "")?.[1] ?? "9464";
/** Below the image's own limit of 5 s. */
const limitMs = 4_000;
process.exitCode = await fetch(`http://127.0.0.1:${port}/healthz`, {
  signal: AbortSignal.timeout(limitMs),
}).then(
  ({ ok }) => (ok ? 0 : 1),
  () => 1,
);

/**
 * Where a process of ours writes its log. Synchronous, so that the line before a crash is not lost. What cannot be
 * written is no reason to end or to fail what runs: it is kept until it can be, up to 1 MiB, and what comes then is lost.
 */
import pino from "pino";

const mostKeptBytes = 1024 * 1024;

export function logDestination(descriptor: number) {
  // With a minimum of a byte, which every line has, flushing is no no-op.
  const kept = { minLength: 1, maxLength: mostKeptBytes };
  const destination = pino.destination({ fd: descriptor, sync: true, ...kept });
  destination.on("error", () => undefined);
  // Nothing else tries again to write what is kept once there is no room for more.
  destination.on("drop", () => destination.flush());
  return destination;
}

/**
 * The engine process: does one request at a time for the process that forked it, and reports as it goes. It holds the
 * device while it lives and ends with its parent, however that ends. Cancelling its work means killing it.
 */
import { holdDevice } from "./device-lock.ts";
import type { EngineReply, EngineRequest, StartMessage } from "./messages.ts";
import { sentError } from "./messages.ts";
import { createEngineWork, type EngineWork, perform } from "./work.ts";

const parentPollMs = 1_000;

const reply = (message: EngineReply) => process.send?.(message);

async function start({ threads, provider, lockFile, prefixCacheBytes }: StartMessage): Promise<EngineWork> {
  let waits = 0;
  await holdDevice(lockFile, (holder) => {
    waits++;
    reply({
      kind: "progress",
      done: { unit: `waits for engine ${holder} to end`, count: waits, total: waits },
    });
  });
  return createEngineWork(threads, provider, prefixCacheBytes);
}

let engine: Promise<EngineWork> | undefined;

async function answer(request: EngineRequest): Promise<void> {
  try {
    const result = await perform(await engine!, request, (done) => reply({ kind: "progress", done }));
    reply({ kind: "result", result });
  } catch (error) {
    const useless = await engine!.then(
      () => false,
      () => true,
    );
    reply({ kind: "error", error: sentError(error), useless });
  }
}

process.on("message", (message: StartMessage | EngineRequest) => {
  if (message.kind !== "start") return void answer(message);
  engine = start(message);
  engine.catch(() => {}); // the request that follows tells it
});

// Ctrl-C reaches the whole process group, a service manager's SIGTERM all that it started: the parent decides when its
// engine ends, which may be once the work under way is done.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});

// The parent may be gone before this line, or its death go unseen where another process inherited the channel.
const parent = Number(process.argv[3]);
const endWithParent = () => {
  if (!process.connected || process.ppid !== parent) process.exit();
};
process.on("disconnect", endWithParent);
setInterval(endWithParent, parentPollMs);
endWithParent();
reply({ kind: "ready" });

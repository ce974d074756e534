/**
 * One disposable child process: it is given a job, its lines are handed on as they come, and it is gone when the
 * promise settles. A child that is silent too long, too big or unwanted is killed, and nothing it says is believed
 * beyond being lines of text.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Isolation, nodeFlags } from "./isolation.ts";
import { residentBytes } from "./memory.ts";

const childFolder = fileURLToPath(new URL("./child", import.meta.url));
/** A memory bomb grows by some 100 MB in this time, far less than a machine has. */
const memoryPollMs = 50;
/** Memory of Node itself, the interpreter's compiled code and the copy of its clean memory, MiB. */
const hostMb = 384;
/** Characters of a dead child's standard error that are told. */
const longestComplaint = 500;
const mebibyte = 1024 * 1024;

export interface ChildJob {
  readonly script: "javascript.mjs" | "python.mjs";
  /** Folders the interpreter is loaded from. */
  readonly readable: readonly string[];
  /** One line of JSON, then, for Python, the snapshot. */
  readonly input: readonly (string | Uint8Array)[];
  readonly memoryMb: number;
  /** Most time from one output to the next, ms; asked again after each. */
  readonly silenceMs: () => number;
  /** Takes output as it comes; throws to end a child that talks nonsense. */
  readonly onOutput: (chunk: Buffer) => void;
  readonly signal: AbortSignal | undefined;
}

export type ChildEnd =
  | { readonly kind: "exited" }
  | {
      readonly kind: "failed";
      readonly reason: "silent" | "memory" | "crashed" | "garbled";
      readonly detail: string;
    };

/** Settles when the process is gone. Rejects only with the signal's reason. */
export async function runChild(job: ChildJob, isolation: Isolation, pids: Set<number>): Promise<ChildEnd> {
  job.signal?.throwIfAborted();
  const flags = nodeFlags([childFolder, ...job.readable]);
  const child = spawn(
    isolation.command,
    [...isolation.prefix, process.execPath, ...flags, `${childFolder}/${job.script}`, "ratchet-sandbox"],
    { env: {}, stdio: ["pipe", "pipe", "pipe"] },
  );
  const abort = () => child.kill("SIGKILL");
  job.signal?.addEventListener("abort", abort);
  if (child.pid !== undefined) pids.add(child.pid);
  child.stdin.on("error", () => {}); // the child ended before it had read everything; its exit says why
  for (const part of job.input) child.stdin.write(part);
  child.stdin.end();
  const failure = watchLimits(child, job);
  const exit = await exitOf(child);
  job.signal?.removeEventListener("abort", abort);
  if (child.pid !== undefined) pids.delete(child.pid);
  job.signal?.throwIfAborted();
  return failure() ?? exit;
}

/** Kills the child at the first limit it passes; the function returned says which that was. */
function watchLimits(child: ChildProcessByStdio<Writable, Readable, Readable>, job: ChildJob) {
  let failure: ChildEnd | undefined;
  const end = (reason: "silent" | "memory" | "garbled", detail: string) => {
    failure ??= { kind: "failed", reason, detail };
    child.kill("SIGKILL");
  };
  let silence: NodeJS.Timeout;
  const listen = () => {
    clearTimeout(silence);
    const silenceMs = job.silenceMs();
    silence = setTimeout(() => end("silent", `nothing for ${silenceMs} ms`), silenceMs);
  };
  listen();
  const weigh = async () => {
    const bytes = child.pid === undefined ? undefined : await residentBytes(child.pid);
    if (bytes !== undefined && bytes > (job.memoryMb + hostMb) * mebibyte)
      end("memory", `${Math.round(bytes / mebibyte)} MiB in use`);
  };
  const poll = setInterval(() => void weigh(), memoryPollMs);
  child.stdout.on("data", (chunk: Buffer) => {
    try {
      job.onOutput(chunk);
    } catch (error) {
      end("garbled", String(error));
    }
    listen();
  });
  child.once("close", () => {
    clearTimeout(silence);
    clearInterval(poll);
  });
  return () => failure;
}

async function exitOf(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<ChildEnd> {
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-longestComplaint);
  });
  return new Promise((resolve) => {
    const crashed = (detail: string) => resolve({ kind: "failed", reason: "crashed", detail });
    child.once("error", (error) => crashed(String(error)));
    child.once("close", (code, killedBy) =>
      code === 0 ? resolve({ kind: "exited" }) : crashed(`exit ${code ?? killedBy}: ${complaint.trim()}`),
    );
  });
}

/**
 * One disposable child process: it starts its interpreter, is given one job, its lines are handed on as they come, and
 * it is gone when its end settles. A child that is silent too long, too big or unwanted is killed, and nothing it says
 * is believed beyond being bytes.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../core/json.ts";
import { type Isolation, nodeFlags } from "./isolation.ts";
import { createUncountedTime, type Portions, type UncountedTime } from "./uncounted-time.ts";
import { type Usage, usageOf } from "./usage.ts";

const childFolder = fileURLToPath(new URL("./child", import.meta.url));
/** A memory bomb grows by some 100 MB in this time, far less than a machine has. */
const pollMs = 50;
/** Memory of Node itself, the interpreter's compiled code and the image of its memory, MiB, while a child starts. */
const startMb = 384;
/** Characters of a dead child's standard error that are told. */
const longestComplaint = 500;
const mebibyte = 1024 * 1024;

export interface ChildStart {
  readonly script: "javascript.mjs" | "python.mjs";
  /** Folders the interpreter is loaded from. */
  readonly readable: readonly string[];
  /** What the child has to know before any tool. */
  readonly settings: JsonObject;
  readonly memoryMb: number;
}

/** A limit of its budget that a child was ended for. */
export type Exceeded = "time" | "memory";

export type ChildEnd =
  | { readonly kind: "exited" }
  | {
      readonly kind: "failed";
      readonly reason: "silent" | Exceeded | "crashed" | "garbled";
      readonly detail: string;
    };

/** What the parent wants of a child for the time being. */
export interface Attention {
  /** Most time to the next output, ms; asked again after each. */
  readonly silenceMs: () => number;
  /** What it may use while it runs tools; absent where it runs none. */
  readonly budget?: Budget;
  /** Takes output as it comes; throws to end a child that talks nonsense. */
  readonly onOutput: (chunk: Buffer) => void;
}

export interface Budget {
  /** Most processor time to the next output beside the steps that the child tells of, ms. */
  readonly uncountedMs: number;
  readonly portions: Portions;
  /** Most growth since the child was idle, MiB. */
  readonly growthMb: number;
}

export interface Child {
  readonly pid: number | undefined;
  /** Settles when the process is gone, and says which limit it passed. Never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** Null leaves the child to wait for its job: it runs nothing, so nothing has to be watched. */
  attend(attention: Attention | null): void;
  /** Frames for the child to read. Settles once they are in its pipe or cannot be. */
  send(...frames: readonly (string | Uint8Array)[]): Promise<void>;
  kill(): void;
}

export function startChild(start: ChildStart, isolation: Isolation, attention: Attention): Child {
  const flags = nodeFlags([childFolder, ...start.readable]);
  const script = [`${childFolder}/${start.script}`, "ratchet-sandbox", JSON.stringify(start.settings)];
  // Over the last pipe it tells of its steps, a byte for each portion of them.
  const child = spawn(isolation.command, [...isolation.prefix, process.execPath, ...flags, ...script], {
    env: {},
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  }) as ChildProcessByStdio<Writable, Readable, Readable>;
  child.stdin.on("error", () => {}); // the child ended before it had read everything; its exit says why
  const watch = watchLimits(child, start.memoryMb);
  watch.attend(attention);
  return {
    pid: child.pid,
    ended: exitOf(child).then((exit) => watch.failure() ?? exit),
    attend(next) {
      for (const part of [child, ...child.stdio] as (typeof child | Socket)[])
        if (next) part.ref();
        else part.unref(); // a spare keeps no process alive; it ends when its parent does
      watch.attend(next);
    },
    async send(...frames) {
      const written = frames.map(
        (frame) =>
          new Promise<void>((resolve) => {
            child.stdin.write(`${Buffer.byteLength(frame)}\n`);
            child.stdin.write(frame, () => resolve());
          }),
      );
      await Promise.all(written);
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

/** Kills the child at the first limit it passes; `failure` says which that was. */
function watchLimits(child: ChildProcessByStdio<Writable, Readable, Readable>, memoryMb: number) {
  let attention: Attention | null = null;
  let failure: ChildEnd | undefined;
  let silence: NodeJS.Timeout | undefined;
  let poll: NodeJS.Timeout | undefined;
  let idle: Promise<Usage | undefined> | undefined;
  /** Of the current call. */
  let uncounted: UncountedTime | undefined;
  const end = (reason: "silent" | Exceeded | "garbled", detail: string) => {
    failure ??= { kind: "failed", reason, detail };
    child.kill("SIGKILL");
  };
  const listen = () => {
    clearTimeout(silence);
    if (!attention) return;
    const silenceMs = attention.silenceMs();
    silence = setTimeout(() => end("silent", `nothing for ${silenceMs} ms`), silenceMs);
  };
  const use = async () => (child.pid === undefined ? undefined : usageOf(child.pid));
  const weigh = async () => {
    const attended = attention;
    const [before, now] = [await idle, await use()];
    if (!now || !attended || attended !== attention) return;
    const { budget } = attended;
    const mostMb = budget && before ? before.residentBytes / mebibyte + budget.growthMb : memoryMb + startMb;
    if (now.residentBytes > mostMb * mebibyte)
      end("memory", `${Math.round(now.residentBytes / mebibyte)} MiB in use`);
    const uncountedMs = uncounted?.at(now.processorMs) ?? 0;
    if (budget && uncountedMs > budget.uncountedMs)
      end("time", `${uncountedMs} ms of processor time beside counted steps`);
  };
  const beginCall = () => {
    uncounted = attention?.budget && createUncountedTime(attention.budget.portions);
  };
  const attend = (next: Attention | null) => {
    attention = next;
    beginCall();
    clearInterval(poll);
    if (next) poll = setInterval(() => void weigh(), pollMs);
    else idle = use();
    listen();
  };
  child.stdout.on("data", (chunk: Buffer) => {
    beginCall();
    try {
      if (!attention) throw new Error("a child that waits has nothing to say");
      attention.onOutput(chunk);
    } catch (error) {
      end("garbled", String(error));
    }
    listen();
  });
  (child.stdio[3] as Readable).on("data", (portions: Buffer) => uncounted?.told(portions.length));
  child.once("close", () => attend(null));
  return { attend, failure: () => failure };
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

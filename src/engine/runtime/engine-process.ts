/**
 * One engine process as its parent sees it: given a request, it answers, or it is dead. Silence longer than allowed is
 * death: the process is killed. What ends a request early kills the process too, so no work goes on unseen.
 */
import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { RatchetError } from "../../core/errors.ts";
import type { OnProgress } from "../../core/ports/policy.ts";
import { beating } from "./beat.ts";
import {
  type Answer,
  type EngineReply,
  type EngineRequest,
  type EngineResult,
  receivedError,
  type StartMessage,
} from "./messages.ts";

const program = fileURLToPath(new URL("./child.ts", import.meta.url));
const launcher = fileURLToPath(new URL("../../../bin/launch.mjs", import.meta.url));
/** In the command line, so that a person and `ratchet status` know the process. */
const marker = "ratchet-engine";

/** An engine sees that its channel closed within one graph's run, well under a second. */
const endGraceMs = 2_000;

export interface ProcessOptions {
  readonly threads: number;
  readonly provider: string;
  readonly lockFile: string;
  /** Most bytes of prompts' keys and values that the process keeps. */
  readonly prefixCacheBytes: number;
  /** Longest silence of a working engine, ms. */
  readonly stallMs: number;
}

export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #stallMs: number;
  /** Resolves with the way the process ended. */
  readonly #exit: Promise<string>;
  /** Resolves when the process listens, or has ended before it did. */
  readonly #ready: Promise<unknown>;

  constructor({ threads, provider, lockFile, prefixCacheBytes, stallMs }: ProcessOptions) {
    this.#stallMs = stallMs;
    this.#child = fork(launcher, [program, marker, `${process.pid}`], {
      execArgv: [],
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#exit = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message));
      this.#child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    const ready = new Promise((resolve) => this.#child.once("message", resolve));
    this.#ready = Promise.race([ready, this.#exit]);
    this.#send({ kind: "start", threads, provider, lockFile, prefixCacheBytes });
  }

  /** Undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * Throws what the work threw; EngineFailure where the process died or was killed for its silence; the signal's reason
   * once the process is gone.
   */
  async request(message: EngineRequest, onProgress: OnProgress, signal: AbortSignal): Promise<EngineResult> {
    signal.throwIfAborted();
    let stalled = false;
    const kill = () => this.#child.kill("SIGKILL");
    const stall = () => {
      stalled = true;
      kill();
    };
    let silence = setTimeout(stall, this.#stallMs);
    signal.addEventListener("abort", kill, { once: true });
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(stall, this.#stallMs);
    };
    try {
      await beating("starting the engine", onProgress, this.#ready);
      heard();
      this.#send(message);
      const end = await Promise.race([this.#answer(heard, onProgress), this.#exit]);
      signal.throwIfAborted();
      if (typeof end === "string") throw this.#death(message, stalled ? "silence" : end);
      if (end.kind === "result") return end.result;
      if (end.useless) await this.#kill();
      throw receivedError(end.error);
    } catch (error) {
      if (signal.aborted) await this.#kill();
      throw error;
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", kill);
      this.#child.removeAllListeners("message");
    }
  }

  /** Lets the process give back the device and end, or kills it; resolves when it is gone. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await Promise.race([this.#exit, sleep(endGraceMs, undefined, { ref: false })]);
    await this.#kill();
  }

  async #kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }

  #answer(heard: () => void, onProgress: OnProgress): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#child.on("message", (reply: EngineReply) => {
        heard();
        if (reply.kind === "result" || reply.kind === "error") resolve(reply);
        if (reply.kind !== "progress") return;
        try {
          onProgress(reply.done);
        } catch (error) {
          void this.#kill().then(() => reject(error));
        }
      });
    });
  }

  #death({ kind }: EngineRequest, reason: string): RatchetError {
    const work = kind === "sample" ? "sampling" : "updating";
    const how = reason === "silence" ? `was killed, silent for ${this.#stallMs} ms,` : `ended (${reason})`;
    const nextStep =
      "try again, with a new process; if it repeats, see the worker's log and the machine's memory";
    return new RatchetError("EngineFailure", `engine process ${this.pid} ${how} while ${work}: ${nextStep}`, {
      pid: this.pid,
      reason,
      stallMs: this.#stallMs,
    });
  }

  /** A message to a process that is gone is answered by its exit. */
  #send(message: StartMessage | EngineRequest): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}

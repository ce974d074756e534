/**
 * One supervised process: started, or adopted where a killed supervisor left it at work; waited for until it answers,
 * started again whenever it dies, ended on request.
 * It leads its own process group, so a Ctrl-C in the terminal reaches the supervisor alone, which ends things in order.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { platform } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { RatchetError } from "../core/errors.ts";
import { answersWithin, type Patience, silence, usualPatience, within } from "./liveness.ts";
import { lastLogLine, logPath, openLog } from "./logs.ts";
import {
  endProcess,
  holdsPath,
  identify,
  isAlive,
  type ProcessEntry,
  type ProcessIdentity,
  sendSignal,
} from "./processes.ts";
import type { SupervisedRole } from "./roles.ts";

export interface ChildCommand {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface ChildSpecification {
  readonly role: SupervisedRole;
  /** Called before each start, maybe while a left-over process still runs. */
  prepare(): Promise<ChildCommand>;
  /**
   * What a killed supervisor left of it. One that runs the same command, answers and still holds `path`, which its data are in,
   * goes on; the rest is ended.
   */
  readonly leftovers?: { find(): readonly ProcessEntry[]; readonly path: string };
  /** Called when no process of it runs any more and one is about to be started. */
  beforeSpawn?(): void;
  /** Resolves when the process does its work; called again after each start. Rejects when `signal` aborts. */
  becomesReady(signal: AbortSignal, child?: ChildProcess): Promise<void>;
  /** Asked of a ready process again and again: one that never answers is frozen or stuck, and is killed to be started again. */
  answers(signal: AbortSignal): Promise<unknown>;
  /** A Node process gets an IPC channel, by which it says `ready` and learns that its supervisor died. */
  readonly channel: boolean;
  /** What ends it in order, and how long that may take before it is killed. */
  readonly stopSignal: NodeJS.Signals;
  readonly stopGraceMs: number;
}

export interface ChildEvents {
  onStarted(identity: ProcessIdentity, how: "started" | "adopted"): void;
  onReady(durationMs: number): void;
  onEnded(how: string, restartInMs: number): void;
  /** Whether what it needs was away at any moment since then: a failure in that time says nothing about the child. */
  disturbedSince(time: number): boolean;
}

/** Waits before the first, second, ... restart in a row; the last one repeats. The first is soon, as work waits. */
const restartDelaysMs = [50, 250, 500, 1_000, 2_000];
/** A process that was ready this long has earned a fresh row of delays. */
const steadyAfterMs = 10_000;
/** A first start that keeps failing this long, and this often, is reported instead of tried again. */
const firstStartLimitMs = 15_000;
/** On a busy machine, or with a database that is frozen for a while, one attempt alone may take as long. */
const firstStartAttempts = 3;
/** Crash recovery and cold disks included. */
const readyLimitMs = 120_000;
/** A left-over process that is well answers in milliseconds. */
const adoptionLimitMs = 2_000;
/** Elsewhere than on Linux each look starts a program. */
const adoptedPollMs = platform() === "linux" ? 50 : 2_000;

export class SupervisedChild {
  private readonly home: string;
  private readonly specification: ChildSpecification;
  private readonly events: ChildEvents;
  private readonly patience: Patience;
  private readonly stopping = new AbortController();
  private current: ProcessIdentity | undefined;
  private readySinceMs: number | undefined;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    home: string,
    specification: ChildSpecification,
    events: ChildEvents,
    patience: Patience = usualPatience,
  ) {
    this.home = home;
    this.patience = patience;
    this.specification = specification;
    this.events = events;
  }

  /** Undefined while it does not answer. */
  get readySince(): number | undefined {
    return this.readySinceMs;
  }

  /** Resolves when it is ready for the first time; throws ServiceUnavailable where it does not get there. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.loop = this.keepRunning(resolve).then(() => reject(stoppedEarly(this.specification.role)), reject);
    });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    const { stopSignal, stopGraceMs } = this.specification;
    if (this.current !== undefined) await endProcess(this.current, stopSignal, stopGraceMs);
    await this.loop;
  }

  /** For a second Ctrl-C: nothing is asked any more. */
  kill(signal: NodeJS.Signals): void {
    this.stopping.abort();
    if (this.current !== undefined) sendSignal(this.current, signal, true);
  }

  private async keepRunning(onFirstReady: () => void): Promise<void> {
    let firstStart = performance.now();
    let firstFailures = 0;
    let everReady = false;
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      const attemptedAt = performance.now();
      const { how, readyForMs } = await this.runOnce(() => {
        everReady = true;
        onFirstReady();
      }).catch((error: unknown) => {
        if (!everReady) throw error;
        return { how: (error as Error).message, readyForMs: 0 };
      });
      if (this.stopping.signal.aborted) return;
      // Somebody killed it, or what it needs: that says nothing about whether it can start.
      const isDisturbed = how === "SIGKILL" || this.events.disturbedSince(attemptedAt);
      if (isDisturbed) firstStart = performance.now();
      firstFailures = isDisturbed ? 0 : firstFailures + 1;
      const hasLasted = performance.now() - firstStart > firstStartLimitMs;
      if (!everReady && hasLasted && firstFailures >= firstStartAttempts) throw this.failedToStart(how);
      failures = readyForMs >= steadyAfterMs ? 0 : failures;
      const delayMs = restartDelaysMs[Math.min(failures++, restartDelaysMs.length - 1)]!;
      this.events.onEnded(how, delayMs);
      await sleep(delayMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async runOnce(onReady: () => void): Promise<{ how: string; readyForMs: number }> {
    const command = await this.specification.prepare();
    const startedAt = performance.now();
    const adopted = await this.adopt(command);
    if (adopted === undefined && this.stopping.signal.aborted) return { how: "stopped", readyForMs: 0 };
    if (adopted === undefined) this.specification.beforeSpawn?.();
    const { child, exit } = adopted ?? this.spawn(command);
    const ended = new AbortController();
    void exit.then(() => ended.abort());
    let readyAt = Number.POSITIVE_INFINITY;
    let givenUp = false;
    const over = AbortSignal.any([ended.signal, this.stopping.signal]);
    within(readyLimitMs, over, (signal) => this.specification.becomesReady(signal, child)).then(
      () => {
        readyAt = performance.now();
        this.readySinceMs = readyAt;
        this.events.onReady(readyAt - startedAt);
        onReady();
        this.endIfSilent(over);
      },
      () => {
        givenUp = !over.aborted;
        if (givenUp && this.current !== undefined) sendSignal(this.current, "SIGKILL");
      },
    );
    const ending = await exit;
    const how = givenUp ? "never became ready" : ending;
    this.current = undefined;
    this.readySinceMs = undefined;
    return { how, readyForMs: Math.max(0, performance.now() - readyAt) };
  }

  private endIfSilent(over: AbortSignal): void {
    silence((signal) => this.specification.answers(signal), this.patience, over).then(
      () => {
        if (this.current !== undefined) sendSignal(this.current, "SIGKILL", true);
      },
      () => undefined,
    );
  }

  /** Ends every left-over process but one that does what `command` would. */
  private async adopt(command: ChildCommand): Promise<Running | undefined> {
    const { leftovers, answers, stopSignal, stopGraceMs } = this.specification;
    const stopping = this.stopping.signal;
    let adopted: Running | undefined;
    for (const entry of leftovers?.find() ?? []) {
      const isSame =
        entry.commandLine === [command.file, ...command.arguments].join(" ") &&
        holdsPath(entry.pid, leftovers!.path);
      const isWell = isSame && !adopted && (await answersWithin(adoptionLimitMs, stopping, answers));
      if (isWell && !stopping.aborted) {
        this.begin(entry, "adopted");
        adopted = { child: undefined, exit: untilGone(entry) };
      } else await endProcess(entry, stopSignal, stopGraceMs);
    }
    return adopted;
  }

  private begin(identity: ProcessIdentity, how: "started" | "adopted"): void {
    this.current = identity;
    this.events.onStarted(identity, how);
  }

  private spawn(command: ChildCommand): Running {
    const child = this.spawnLogging(command);
    const exit = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    if (child.pid !== undefined) this.begin(identify(child.pid), "started");
    return { child, exit };
  }

  private spawnLogging(command: ChildCommand): ChildProcess {
    const log = openLog(this.home, this.specification.role);
    try {
      return spawn(command.file, command.arguments, {
        cwd: command.cwd,
        env: command.environment,
        ...command.account,
        detached: true,
        stdio: this.specification.channel ? ["ignore", log, log, "ipc"] : ["ignore", log, log],
      });
    } finally {
      closeSync(log);
    }
  }

  private failedToStart(how: string): RatchetError {
    const { role } = this.specification;
    const last = lastLogLine(this.home, role);
    return new RatchetError(
      "ServiceUnavailable",
      `${role} does not start (${how})${last === "" ? "" : `: ${last}`}\nits log is ${logPath(this.home, role)}; ratchet doctor looks for the usual causes`,
      { role, how },
    );
  }
}

interface Running {
  /** Undefined where another process started it. */
  readonly child: ChildProcess | undefined;
  /** Resolves with the way it ended. */
  readonly exit: Promise<string>;
}

/** No exit code is told to a process that is not the parent. */
async function untilGone(identity: ProcessIdentity): Promise<string> {
  while (isAlive(identity)) await sleep(adoptedPollMs);
  return "it is gone";
}

export function stoppedEarly(role: SupervisedRole): RatchetError {
  return new RatchetError("ServiceUnavailable", `${role} was stopped while it started`, { role });
}

/**
 * Attempts under way, one small file each. A worker that is killed leaves its files behind, and the next one to start on
 * this machine tells Temporal that those attempts have failed, which retries them at once instead of when their
 * heartbeats run out. It is a short cut and no promise: without a file, or where the next worker starts elsewhere, the
 * heartbeat decides.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Context } from "@temporalio/activity";
import type { Client } from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import type { ActivityInterceptors } from "@temporalio/worker";
import { identify, type ProcessIdentity } from "../services/processes.ts";

export const attemptsFolder = (home: string) => join(home, "attempts");

/** Writes down each attempt for as long as it works. A disk that takes no file does not keep it from working. */
export function attemptsInterceptor(home: string): (context: Context) => ActivityInterceptors {
  const folder = attemptsFolder(home);
  const worker = nameOf(identify(process.pid));
  return ({ info }) => ({
    inbound: {
      execute: async (input, next) => {
        const file = join(folder, `${worker}+${randomUUID()}`);
        unlessRefused(() => {
          mkdirSync(folder, { recursive: true });
          writeFileSync(file, info.taskToken);
        });
        try {
          return await next(input);
        } finally {
          unlessRefused(() => rmSync(file, { force: true }));
        }
      },
    },
  });
}

/** Hands back what dead workers of this machine were at; returns how many attempts Temporal still waited for. */
export async function failDeadAttempts(home: string, client: Client): Promise<number> {
  const folder = attemptsFolder(home);
  if (!existsSync(folder)) return 0;
  const dead = readdirSync(folder).filter(isOfDeadWorker);
  const failed = await Promise.all(dead.map((name) => failAttempt(join(folder, name), client)));
  return failed.filter(Boolean).length;
}

async function failAttempt(file: string, client: Client): Promise<boolean> {
  try {
    const failure = ApplicationFailure.retryable("the worker died that was at it", "WorkerDied");
    await client.activity.fail(readFileSync(file), failure);
    return true;
  } catch {
    // It had ended, or another worker that started has handed it back.
    return false;
  } finally {
    unlessRefused(() => rmSync(file, { force: true }));
  }
}

const host = encodeURIComponent(hostname());
/** The host too: homes may be shared, and pids of another machine say nothing here. */
const nameOf = ({ pid, startTime }: ProcessIdentity) => `${host}+${pid}+${encodeURIComponent(startTime)}`;

function isOfDeadWorker(name: string): boolean {
  const [ofHost, pid] = name.split("+");
  return ofHost === host && !name.startsWith(`${nameOf(identify(Number(pid)))}+`);
}

function unlessRefused(write: () => void): void {
  try {
    write();
  } catch {
    // Full or read-only: the heartbeat is what remains.
  }
}

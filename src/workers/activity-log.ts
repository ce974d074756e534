/**
 * A line when an activity starts, ends or fails, with what tells it from every other: run, stage, iteration, shard, turn
 * and attempt. What its engine and sandbox say meanwhile carries the same. Its input itself, which may hold anything, is
 * never logged.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Context } from "@temporalio/activity";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import type { ActivityInterceptors } from "@temporalio/worker";
import { identifierPattern } from "../core/experiment/identifier.ts";
import type { Logger } from "./logger.ts";
import type { Meters } from "./meters.ts";

interface Place {
  readonly run?: string;
  readonly stage?: string;
  readonly iteration?: number;
  readonly branch?: number;
  readonly turn?: number;
}

/** The activity that what is running now was asked for by. */
const current = new AsyncLocalStorage<object>();

/** The log of a part that works for activities, and at times for none. */
export const partLog =
  (log: Logger, part: string) =>
  (line: string): void =>
    log.info({ part, ...current.getStore() }, line);

export function activityInterceptor(log: Logger, meters: Meters): (context: Context) => ActivityInterceptors {
  return ({ info }) => {
    let place = {};
    return {
      inbound: {
        execute: async (input, next) => {
          const { activityType: activity, attempt, taskQueue: queue } = info;
          const workflowId = info.workflowExecution?.workflowId ?? "";
          place = { activity, attempt, workflowId, ...placeOf(input.args[0], workflowId) };
          const own = log.child(place);
          if (attempt > 1) meters.retries.add(1, { activity, queue });
          const startedAt = performance.now();
          const queuedMs = Date.now() - info.currentAttemptScheduledTimestampMs;
          const elapsedMs = () => Math.round(performance.now() - startedAt);
          own.info({ event: "started", queuedMs }, `${activity} started`);
          try {
            const result = await current.run(place, () => next(input));
            own.info({ event: "ended", durationMs: elapsedMs() }, `${activity} ended`);
            return result;
          } catch (error) {
            const durationMs = elapsedMs();
            if (error instanceof CancelledFailure)
              own.info({ event: "cancelled", durationMs }, `${activity} was cancelled`);
            else own.warn({ event: "failed", durationMs, ...failureOf(error) }, `${activity} failed`);
            throw error;
          }
        },
      },
      // For what Temporal says of the activity, and the activity through Temporal's log.
      outbound: { getLogAttributes: (attributes, next) => next({ ...attributes, ...place }) },
    };
  };
}

interface Given extends Place {
  readonly context?: Place;
  readonly trip?: Place;
  /** What a person's input calls its run. */
  readonly id?: string;
}

/** Of a step its context; of others the same names where their input has them. A shard is the end of its workflow's id. */
function placeOf(input: unknown, workflowId: string): Place & { readonly shard?: number } {
  const given = (typeof input === "object" && input !== null ? input : {}) as Given;
  const id = typeof given.id === "string" && identifierPattern.test(given.id) ? given.id : undefined;
  const { run = id, stage, iteration, branch } = given.context ?? given.trip ?? given;
  const shard = /\.s(\d+)$/.exec(workflowId)?.[1];
  return {
    ...known({ run, stage, iteration, branch, turn: given.turn }),
    ...(shard === undefined ? {} : { shard: Number(shard) }),
  };
}

const known = (fields: object) =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => typeof value === "string" || typeof value === "number"),
  );

function failureOf(error: unknown) {
  const type = error instanceof ApplicationFailure ? error.type : (error as Error)?.name;
  return { failure: type, reason: error instanceof Error ? error.message : String(error) };
}

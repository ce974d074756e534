import proto from "@temporalio/proto";
import { expect, it } from "vitest";
import { attemptsIn } from "../scripts/attempts.ts";

const { History } = proto.temporal.api.history.v1;
const timedOut = (timeoutType: string) => ({
  message: "activity timeout",
  timeoutFailureInfo: { timeoutType },
});

it("attempts after the first are counted, and those of them that followed a heartbeat that was missed", () => {
  const started = (attempt: number, lastFailure?: object) => ({
    activityTaskStartedEventAttributes: { scheduledEventId: 5, attempt, lastFailure },
  });
  const ended = (failure: object) => ({
    activityTaskTimedOutEventAttributes: { scheduledEventId: 5, startedEventId: 6, failure },
  });
  const { events } = History.fromObject({
    events: [
      { workflowExecutionStartedEventAttributes: { attempt: 1 } },
      started(1),
      started(2, timedOut("TIMEOUT_TYPE_HEARTBEAT")),
      started(3, { message: "ENOSPC", applicationFailureInfo: { type: "StorageFull" } }),
      started(2, timedOut("TIMEOUT_TYPE_START_TO_CLOSE")),
      ended(timedOut("TIMEOUT_TYPE_HEARTBEAT")),
      ended(timedOut("TIMEOUT_TYPE_SCHEDULE_TO_CLOSE")),
    ],
  });
  expect(attemptsIn(events)).toEqual({ attemptsAfterFirst: 4, heartbeatTimeouts: 2 });
  expect(attemptsIn([])).toEqual({ attemptsAfterFirst: 0, heartbeatTimeouts: 0 });
});

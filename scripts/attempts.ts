/** What a history says of attempts that came to nothing: how many there were, and whether heartbeats were missed. */
import proto from "@temporalio/proto";

type Event = proto.temporal.api.history.v1.IHistoryEvent;
type Failure = proto.temporal.api.failure.v1.IFailure;

export interface Attempts {
  /** Activities' attempts after their first. */
  readonly attemptsAfterFirst: number;
  /** Activities' last failures that are a heartbeat's timeout: of several attempts a history keeps the last one's alone. */
  readonly heartbeatTimeouts: number;
}

const { TIMEOUT_TYPE_HEARTBEAT } = proto.temporal.api.enums.v1.TimeoutType;
const isMissedHeartbeat = (failure: Failure | null | undefined): boolean =>
  failure?.timeoutFailureInfo?.timeoutType === TIMEOUT_TYPE_HEARTBEAT;

export function attemptsIn(events: readonly Event[]): Attempts {
  const started = events.flatMap(({ activityTaskStartedEventAttributes: given }) => given ?? []);
  const timedOut = events.flatMap(({ activityTaskTimedOutEventAttributes: given }) => given ?? []);
  return {
    attemptsAfterFirst: started.reduce((sum, { attempt }) => sum + (attempt ?? 1) - 1, 0),
    heartbeatTimeouts:
      started.filter(({ lastFailure }) => isMissedHeartbeat(lastFailure)).length +
      timedOut.filter(({ failure }) => isMissedHeartbeat(failure)).length,
  };
}

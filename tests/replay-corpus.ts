/**
 * The replay corpus: histories of every workflow type, one folder of `tests/replay` for each release, which no later build
 * may fail to replay. They hold nothing of the machine they were recorded on.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Client } from "@temporalio/client";
import proto from "@temporalio/proto";

export const corpusFolder = fileURLToPath(new URL("replay", import.meta.url));

const { History } = proto.temporal.api.history.v1;
type History = proto.temporal.api.history.v1.IHistory;

/** Of one type, spread over all there are: enough for each way through it, few enough to keep the corpus small. */
const mostOfType = 8;

export interface RecordedHistory {
  /** Release and name, for people. */
  readonly name: string;
  readonly type: string;
  /** Its own: children are named after it. */
  readonly workflowId: string;
  readonly history: History;
}

export function readCorpus(folder = corpusFolder): RecordedHistory[] {
  return readdirSync(folder)
    .sort()
    .flatMap((release) =>
      readdirSync(join(folder, release))
        .sort()
        .map((file) => {
          const text = gunzipSync(readFileSync(join(folder, release, file))).toString();
          const history = History.fromObject(JSON.parse(text));
          const { workflowType, workflowId } = history.events[0]!.workflowExecutionStartedEventAttributes!;
          return {
            name: `${release}/${file}`,
            type: workflowType!.name!,
            workflowId: workflowId!,
            history,
          };
        }),
    );
}

/** As JSON, payloads in base64. */
export const asJson = (history: History): Record<string, unknown> =>
  History.toObject(History.fromObject(history), { bytes: String, longs: String, enums: String });

/** Writes the histories of closed workflows in place of what the release had; gives how many of each type. */
export async function recordCorpus(client: Client, release: string): Promise<Record<string, number>> {
  const closed = new Map<string, { workflowId: string; runId: string }[]>();
  for await (const { type, workflowId, runId, status } of client.workflow.list())
    if (status.name === "COMPLETED" || status.name === "CONTINUED_AS_NEW")
      closed.set(type, [...(closed.get(type) ?? []), { workflowId, runId }]);
  const folder = join(corpusFolder, release);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const counts: Record<string, number> = {};
  for (const [type, executions] of [...closed].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const chosen = spread(executions.reverse(), mostOfType);
    counts[type] = chosen.length;
    for (const [index, { workflowId, runId }] of chosen.entries()) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      const scrubbed = withoutMachine(asJson(history));
      requireNoPath(workflowId, textsIn(scrubbed));
      const file = `${type}-${index + 1}-${workflowId}.json.gz`;
      writeFileSync(join(folder, file), gzipSync(JSON.stringify(scrubbed), { level: 9 }));
    }
  }
  return counts;
}

/** The first, the last, and as many between as there is room for, in order. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!);
}

/** Who worked, on which host, and in which file a failure arose say nothing of the workflow. */
function withoutMachine(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMachine);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    if (key === "identity") return [key, "worker"];
    if (key === "stackTrace") return [key, ""];
    if (key === "taskQueue" && isSticky(inner)) return [key, { ...(inner as object), name: "sticky" }];
    return [key, withoutMachine(inner)];
  });
  return Object.fromEntries(entries);
}

const isSticky = (queue: unknown) => (queue as { kind?: string } | null)?.kind === "TASK_QUEUE_KIND_STICKY";

/** Every string, payloads decoded. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "data" && typeof inner === "string" ? [Buffer.from(inner, "base64").toString()] : textsIn(inner),
  );
}

export const machinePath = /(^|["'\s(=:])(\/(tmp|home|root|work|Users|var|opt)\/|[A-Z]:\\)/;

function requireNoPath(workflowId: string, texts: readonly string[]): void {
  const found = texts.find((text) => machinePath.test(text));
  if (found === undefined) return;
  throw new Error(`the history of ${workflowId} names a path of this machine: ${found.slice(0, 300)}`);
}

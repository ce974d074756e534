/** What commands find out of runs under way, from a Temporal that answers as it is told. */
import type { Client } from "@temporalio/client";
import { defaultPayloadConverter } from "@temporalio/common";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Json } from "../core/json.ts";
import { openWorkflows } from "./open-run.ts";
import { resumeByHand } from "./resume-by-hand.ts";
import { requireSameInput } from "./under-way.ts";

afterEach(() => vi.useRealTimers());

interface Known {
  /** What it is, look for look; the last one stays. */
  readonly status: string[];
  readonly progress?: string;
  readonly input?: Json;
}

/** Lists nothing, as a server does whose list lags behind. */
function temporalWith(workflows: Record<string, Known>) {
  const sent: string[] = [];
  const handle = (workflowId: string) => ({
    workflowId,
    describe: async () => {
      const status = workflows[workflowId]?.status ?? [];
      return {
        status: { name: status.length > 1 ? status.shift() : (status[0] ?? "NONE") },
        type: "trainPolicy",
      };
    },
    query: async () => ({ state: workflows[workflowId]?.progress, waitsFor: null, children: {} }),
    signal: async (name: string) => void sent.push(`${name} ${workflowId}`),
    result: async () => {
      sent.push(`result ${workflowId}`);
      return { stopped: false };
    },
  });
  const client = {
    options: {
      namespace: "default",
      loadedDataConverter: { payloadConverter: defaultPayloadConverter, payloadCodecs: [] },
    },
    withDeadline: (_: unknown, work: () => unknown) => work(),
    workflow: {
      list: async function* () {},
      getHandle: handle,
      start: async (_: string, { workflowId, args: [input] }: { workflowId: string; args: Json[] }) => {
        sent.push(`start ${workflowId}`);
        workflows[workflowId] = { status: ["COMPLETED"], input: input! };
        return handle(workflowId);
      },
    },
    workflowService: {
      getWorkflowExecutionHistory: async ({
        execution: { workflowId },
      }: {
        execution: { workflowId: string };
      }) => {
        const payloads = [defaultPayloadConverter.toPayload(workflows[workflowId]!.input)];
        return {
          history: { events: [{ workflowExecutionStartedEventAttributes: { input: { payloads } } }] },
        };
      },
    },
  };
  return { client: client as unknown as Client, sent };
}

describe("the open workflows of a run that no list shows yet", () => {
  it("are found by their ids, an experiment too", async () => {
    const { client } = temporalWith({ "experiment-tiny": { status: ["RUNNING"] } });
    expect((await openWorkflows(client, "tiny")).map(({ workflowId }) => workflowId)).toEqual([
      "experiment-tiny",
    ]);
    expect(await openWorkflows(client, "other")).toEqual([]);
  });
});

const training = {
  run: "mine",
  workflowType: "trainPolicy",
  input: { id: "mine" },
  state: "running",
} as const;

describe("a run that was told to stop and is resumed before it has", () => {
  it("ends first, and then goes on", async () => {
    vi.useFakeTimers();
    const { client, sent } = temporalWith({
      mine: { status: ["RUNNING", "RUNNING", "COMPLETED"], progress: "stopping", input: { id: "mine" } },
    });
    const lines: string[] = [];
    const ended = resumeByHand(client, training, {
      write: (line) => lines.push(line),
      interrupted: new AbortController().signal,
      exit: true,
    });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await ended).toBe("done");
    expect(sent).toEqual(["resume mine", "start mine", "result mine"]);
    expect(lines).toEqual([
      "mine was told to stop: it goes on once its iteration has ended",
      "starting trainPolicy mine",
    ]);
  });
});

describe("a training that is followed", () => {
  it("has no question open to Temporal when it is left: its connection closes then", async () => {
    vi.useFakeTimers();
    const { client, sent } = temporalWith({ mine: { status: ["RUNNING"], input: { id: "mine" } } });
    const leaving = new AbortController();
    const following = { write: () => {}, interrupted: leaving.signal, exit: false };
    const left = expect(resumeByHand(client, training, following)).rejects.toThrow("aborted");
    await vi.advanceTimersByTimeAsync(2_000);
    leaving.abort();
    await left;
    expect(sent).toEqual(["resume mine"]);
  });
});

describe("a run that is under way with another input", () => {
  it("is refused, whatever the store has of it", async () => {
    const { client } = temporalWith({
      "experiment-tiny": { status: ["RUNNING"], input: { id: "tiny", seed: 1 } },
    });
    const named = { run: "tiny", workflowId: "experiment-tiny" };
    await expect(requireSameInput(client, named, { seed: 1, id: "tiny" })).resolves.toBeUndefined();
    await expect(requireSameInput(client, named, { id: "tiny", seed: 2 })).rejects.toThrow(
      "run 'tiny' goes on with another input; give this one another id, or continue that one: npx ratchet resume tiny",
    );
  });
});

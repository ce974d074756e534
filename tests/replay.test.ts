/** Histories of released builds replay with the present one, and what would break an open run is seen to break one. */
import { readFileSync } from "node:fs";
import { Worker } from "@temporalio/worker";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../src/config/config.ts";
import { workflowBundle } from "../src/workers/bundle.ts";
import { workflowTypes } from "../src/workflows/names.ts";
import { withClient } from "./chaos-run.ts";
import { emptyHome, superviseFaulty, trimmedTiny } from "./experiment-run.ts";
import { asJson, machinePath, readCorpus, textsIn } from "./replay-corpus.ts";

const corpus = readCorpus();
let code: string;
beforeAll(async () => {
  code = readFileSync((await workflowBundle(readConfig().cacheFolder)).codePath, "utf8");
});

/** Each history's name, and why it does not replay; null where it does. */
async function replayed(bundle: string, histories = corpus): Promise<[string, string | null][]> {
  const results: [string, string | null][] = [];
  const replaying = Worker.runReplayHistories({ workflowBundle: { code: bundle } }, histories);
  for await (const { error } of replaying)
    results.push([histories[results.length]!.name, error?.name ?? null]);
  return results;
}

/** Two activities change places wherever workflows call them. */
const swapped = (text: string, one: string, other: string) =>
  text.replaceAll(one, "\u0000").replaceAll(other, one).replaceAll("\u0000", other);

describe("the replay corpus", () => {
  it("has a history of each workflow type, also of one that was continued", () => {
    expect([...new Set(corpus.map(({ type }) => type))].sort()).toEqual([...workflowTypes].sort());
    const continued = corpus.filter(
      ({ history }) => history.events![0]!.workflowExecutionStartedEventAttributes!.continuedExecutionRunId,
    );
    expect(continued.map(({ type }) => type)).toContain("trainPolicy");
  });

  it("replays with the present build", async () => {
    expect((await replayed(code)).filter(([, error]) => error !== null)).toEqual([]);
  });

  it("does not where activities changed places, so an incompatible build would be found", async () => {
    const incompatible: [string, string, string][] = [
      ["buildEnvironment", "decomposeScenarios", "documentTools"],
      ["trainPolicy", "collectGarbage", "assembleBatch"],
      ["experiment", "beginStage", "finishStage"],
      ["rollOut", "sampleTurn", "runTools"],
    ];
    for (const [type, one, other] of incompatible) {
      for (const name of [one, other]) expect(code).toContain(name);
      const [history] = corpus.filter((known) => known.type === type).slice(-1);
      const [[, error]] = (await replayed(swapped(code, one, other), [history!])) as [[string, string]];
      expect([type, error]).toEqual([type, "DeterminismViolationError"]);
    }
  });

  it("names nothing of the machine that recorded it", () => {
    for (const { name, history } of corpus) {
      const json = asJson(history);
      const texts = textsIn(json);
      expect([name, texts.find((text) => machinePath.test(text))]).toEqual([name, undefined]);
      // As in the identity of a worker: its process and host.
      expect(texts.find((text) => /\d+@[\w.-]+$/.test(text))).toBeUndefined();
    }
  });
});

describe("a run whose workflow worker caches nothing", () => {
  const { home, remove } = emptyHome();
  let services: { stop(): Promise<void> };
  beforeAll(async () => {
    services = await superviseFaulty(home, "uncached");
  });
  afterAll(async () => {
    await services?.stop();
    remove();
  });

  it("comes to its end, though each of its tasks replays the history so far", async () => {
    const input = JSON.parse(readFileSync(trimmedTiny(home), "utf8"));
    await withClient(home, async (client) => {
      const handle = await client.workflow.start("experiment", {
        workflowId: "experiment-tiny",
        taskQueue: "ratchet",
        args: [input],
      });
      expect(await handle.result()).toMatchObject({ run: "tiny", state: "done" });
      const { events } = await client.workflow.getHandle("tiny.rl").fetchHistory();
      const kinds = events!.map((event) => event.workflowTaskScheduledEventAttributes?.taskQueue?.kind);
      // TASK_QUEUE_KIND_NORMAL: no worker claims to remember the workflow.
      expect(kinds.filter((kind) => kind !== undefined && kind !== 1)).toEqual([]);
    });
  });
});

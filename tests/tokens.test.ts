/** Tokens in, tokens out, over a whole run: what is trained on is what the policy saw and said, id by id. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SampledResponse, SampleRequest, TrainingRow, UpdateRequest } from "../src/core/ports/policy.ts";
import { emptyHome, start, superviseFaulty, trimmedTiny } from "./experiment-run.ts";

interface Sampled {
  readonly kind: "sample";
  readonly policy: string;
  readonly requests: readonly SampleRequest[];
  readonly responses: readonly (readonly SampledResponse[])[];
}
type Updated = { readonly kind: "update" } & UpdateRequest;

const made = emptyHome();
let samplings: Sampled[];
let updates: Updated[];

beforeAll(async () => {
  const services = await superviseFaulty(made.home, "watched");
  try {
    await start(made.home, ["--input", trimmedTiny(made.home)]).summary;
  } finally {
    await services.stop();
  }
  const lines = readFileSync(join(made.home, "device-log.jsonl"), "utf8").trimEnd().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as Sampled | Updated);
  samplings = entries.filter((entry) => entry.kind === "sample");
  updates = entries.filter((entry) => entry.kind === "update" && entry.loss.kind !== "sft") as Updated[];
});
afterAll(() => made.remove());

const textOf = (ids: readonly number[]) => ids.join(",");
const rowsOf = ({ miniBatches }: Updated): TrainingRow[] => miniBatches.flat();

describe("every row of every RL update", () => {
  it("is a prompt that its policy was given and a response that it gave, with the log-probabilities of then", () => {
    expect(updates.length).toBeGreaterThan(1);
    for (const update of updates) {
      const said = new Map<string, SampledResponse[]>();
      for (const { policy, requests, responses } of samplings)
        if (policy === update.parent.hash)
          for (const [i, { prompt }] of requests.entries())
            said.set(textOf(prompt), [...(said.get(textOf(prompt)) ?? []), ...responses[i]!]);
      const rows = rowsOf(update);
      expect(rows.length).toBeGreaterThan(0);
      for (const { prompt, response, logprobs, mask } of rows) {
        const same = said.get(textOf(prompt))?.find(({ tokens }) => textOf(tokens) === textOf(response));
        expect(same?.logprobs).toEqual(logprobs);
        expect(mask).toEqual(response.map(() => 1));
      }
    }
  });

  it("goes on, after the first turn, from a prompt and a response of the turn before", () => {
    let later = 0;
    for (const update of updates) {
      const rows = rowsOf(update);
      const prompts = [...new Set(rows.map(({ prompt }) => textOf(prompt)))];
      const ends = new Set(rows.map(({ prompt, response }) => textOf([...prompt, ...response])));
      const first = prompts.filter((prompt) => !prompts.some((other) => prompt.startsWith(`${other},`)));
      for (const prompt of prompts) {
        if (first.includes(prompt)) continue;
        later += 1;
        expect([...ends].some((end) => prompt.startsWith(`${end},`))).toBe(true);
      }
    }
    expect(later).toBeGreaterThan(0);
  });
});

/** Tokens in, tokens out, over a whole run: what is trained on is what the policy saw and said, id by id. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SampledResponse, SampleRequest, TrainingRow, UpdateRequest } from "../src/core/ports/policy.ts";
import { unknownToolFeedback } from "../src/core/reward/feedback.ts";
import { prepareTiny } from "../src/engine/policies/tiny.ts";
import { createChatCodec } from "../src/engine/tokenizer/codec.ts";
import { packMiniBatch } from "../src/engine/training/mini-batch.ts";
import type { Pack } from "../src/engine/training/pack.ts";
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

  it("goes on, after the first turn, from a prompt, a response and what the tools answered, and nothing else", async () => {
    const folder = join(made.home, "tiny-policy");
    await prepareTiny(folder, 0);
    const codec = await createChatCodec(folder);
    const answered = codec.encodeToolResults([unknownToolFeedback("no_such_tool")], true);
    let later = 0;
    for (const update of updates) {
      const rows = rowsOf(update);
      const prompts = [...new Set(rows.map(({ prompt }) => textOf(prompt)))];
      const goneOn = new Set(
        rows.map(({ prompt, response }) => textOf([...prompt, ...response, ...answered])),
      );
      for (const prompt of prompts) {
        if (!prompts.some((other) => prompt.startsWith(`${other},`))) continue;
        later += 1;
        expect(goneOn.has(prompt)).toBe(true);
      }
    }
    expect(later).toBeGreaterThan(0);
  });

  it("is packed as those ids: each token predicted from just its prompt and the response before it", () => {
    for (const { miniBatches, packTokens } of updates)
      for (const rows of miniBatches) {
        const predicted = rows.map((): string[] => []);
        for (const pack of packMiniBatch(rows, packTokens).packs)
          for (const { row, index, target } of pack.entries) {
            const { node, token } = pack.targets[target]!;
            predicted[row]![index] = textOf([...pathTo(pack, node), token]);
          }
        for (const [row, { prompt, response }] of rows.entries())
          expect(predicted[row]).toEqual(
            response.map((_, index) => textOf([...prompt, ...response.slice(0, index + 1)])),
          );
      }
  });
});

/** The ids from a pack's root to a node, which are all that the node attends to. */
function pathTo({ tokens, parents, positions }: Pack, node: number): number[] {
  const path: number[] = [];
  for (let at = node; at >= 0; at = parents[at]!) path.unshift(tokens[at]!);
  expect(positions[node]).toBe(path.length - 1);
  return path;
}

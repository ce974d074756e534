import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ExperimentInput, experimentInputSchema } from "../core/experiment/input.ts";
import { prepareTiny } from "../engine/policies/tiny.ts";
import { chatMlTemplate } from "../engine/tokenizer/chat-template.ts";
import { knownPolicy } from "./local-policy.ts";
import { requireContext } from "./needed-context.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ratchet-context-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const example = (name: string): ExperimentInput =>
  experimentInputSchema.parse(
    JSON.parse(
      readFileSync(fileURLToPath(new URL(`../../temporal/examples/${name}.json`, import.meta.url)), "utf8"),
    ),
  );
function change(file: string, changed: object): void {
  const before = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...before, ...changed }));
}
/** A person's own model that has a token for each byte, shows tools in full, and sees as much as is wanted. */
async function writeModel(into: string, contextTokens: number): Promise<void> {
  await prepareTiny(into, 0);
  change(join(into, "config.json"), { max_position_embeddings: contextTokens });
  change(join(into, "tokenizer_config.json"), { chat_template: chatMlTemplate });
}
/** What `start` does before anything else; the cache is the test's own. */
const required = async (policy: string, input = example("tiny")) =>
  requireContext(await knownPolicy({ ...input, policy }, folder));
const own = async (contextTokens: number, input?: ExperimentInput) => {
  const model = join(folder, "model");
  await writeModel(model, contextTokens);
  return required(model, input);
};
const sha = "1".repeat(40);
/** A model of the Hub in the cache; without `weights` its download is under way. */
async function cached(contextTokens: number, weights: boolean): Promise<void> {
  const cache = join(folder, "hub", "org--name");
  for (const part of ["commits", "revisions"]) mkdirSync(join(cache, part), { recursive: true });
  writeFileSync(join(cache, "commits", `${sha}.json`), "[]");
  writeFileSync(join(cache, "revisions", "main"), sha);
  await writeModel(join(cache, sha), contextTokens);
  if (!weights) for (const name of ["model.safetensors", "tokenizer.json"]) rmSync(join(cache, sha, name));
}

describe("an experiment whose prompts do not fit beside the responses", () => {
  it("is refused with what they have, in the policy's own tokens", async () => {
    await expect(own(300)).rejects.toMatchObject({
      type: "InvalidInput",
      message: expect.stringMatching(
        /^field 'stages\.before\.evaluation\.sampling\.maxResponseTokens' = 80 leaves 220 of the 300 tokens that policy "\S+model" sees for a prompt, and single_hop prompts of 'test-environments' have \d{3} to \d{3} \(8 were counted\): choose a policy that sees more, or ask for shorter prompts \(fields 'profile' and 'maxTools' of 'stages\.test-environments\.environments'\)$/,
      ),
    });
  });

  it("is told how long responses may be, where shorter ones would do", async () => {
    await own(1_000);
    const input = example("tiny");
    const { sampling } = (input.stages.rl as { training: { sampling: { maxResponseTokens: number } } })
      .training;
    sampling.maxResponseTokens = 900;
    await expect(own(1_000, input)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^field 'stages\.rl\.training\.sampling\.maxResponseTokens' = 900 leaves 100 of the 1000 tokens .* have \d{3} to \d{3} \(8 were counted\): set it to at most \d{3}, or /,
      ),
    });
  });

  it("is refused for a model of the Hub too, where its files are in the cache", async () => {
    await cached(300, true);
    await expect(required("hf:org/name@main")).rejects.toThrow(
      /leaves 220 of the 300 tokens .* have \d{3} to/,
    );
  });

  it("is refused by its characters, where only the configuration is there", async () => {
    await cached(120, false);
    await expect(required("hf:org/name")).rejects.toThrow(
      /leaves 40 of the 120 tokens .* have \d{2,3} to \d{3}/,
    );
    const input = example("tiny");
    for (const stage of Object.values(input.stages))
      if (stage.type === "evaluate") stage.evaluation.sampling.maxResponseTokens = 8_192;
    await expect(required("smollm2-135m-instruct", input)).rejects.toThrow("leaves 0 of the 8192 tokens");
  });

  it("is asked for in FTRL's shape, which needs more", async () => {
    const input = example("tiny");
    for (const stage of Object.values(input.stages))
      if (stage.type === "build") {
        stage.environments.profile = "ftrl";
        delete stage.environments.maxTools;
      }
    await expect(own(4_096, input)).rejects.toThrow(/leaves 4016 of the 4096 tokens .* have \d{4,5} to/);
  });
});

describe("an experiment of which some prompts fit and some do not", () => {
  /** As many single_hop environments as asked for, with up to five tools: some twice as long as others. */
  const wide = (count: number) => {
    const input = example("tiny");
    for (const stage of Object.values(input.stages))
      if (stage.type === "build") {
        stage.environments.scenarios.single_hop = count;
        delete stage.environments.maxTools;
      }
    return input;
  };
  const message = /prompts of 'test-environments' have (\d+) to (\d+) \(/;

  it("is refused where half of them do not, for a whole set of them has to", async () => {
    const [, least, most] = message.exec(await own(300, wide(8)).catch(({ message: said }) => said))!;
    expect(Number(most)).toBeGreaterThan(1.5 * Number(least));
    await expect(own(Number(least) + 85, wide(8))).rejects.toThrow(message);
    await own(Number(most) + 85, wide(8));
  });

  it("goes on where so few are wanted that it may be those which fit", async () => {
    const [, least] = message.exec(await own(300, wide(1)).catch(({ message: said }) => said))!;
    await own(Number(least) + 85, wide(1));
  });
});

describe("an experiment whose prompts fit", () => {
  it.each(["tiny", "quickstart", "standard"])("%s.json goes on", async (name) => {
    const input = example(name);
    await required(input.policy, input);
  });

  it("goes on with a model of the Hub of which nothing is known yet", async () => {
    await required("hf:org/name@main");
  });
});

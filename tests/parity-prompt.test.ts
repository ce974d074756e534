/** What `compact` promises in tokens, counted with SmolLM2's own tokenizer and chat template. */
import { describe, expect, it } from "vitest";
import { createKnowledgeAuthor } from "../src/authors/knowledge/author.ts";
import { scenarioTypes, splits } from "../src/core/environment/environment.ts";
import { promptMessages } from "../src/core/environment/prompt.ts";
import { draftTools } from "../src/core/synthesis/construct.ts";
import { createChatCodec } from "../src/engine/tokenizer/codec.ts";
import { smolLM2Folder, withoutSmolLM2 } from "./parity-policy.ts";

/** Of each split, over all scenario types. */
const count = 240;

describe.skipIf(withoutSmolLM2())("a compact prompt, its tools included", () => {
  it.each(splits)("has at most 500 tokens in the %s split, in each of its wordings", async (split) => {
    const codec = await createChatCodec(await smolLM2Folder());
    const candidates = await createKnowledgeAuthor().propose({
      ...{ split, profile: "compact", seed: 5, from: 0, count },
      scenarios: Object.fromEntries(scenarioTypes.map((type) => [type, 1])),
    });
    const lengths = candidates.flatMap((candidate) => {
      const tools = draftTools(candidate).drafts.map(({ document }) => document);
      return [candidate.question, ...candidate.paraphrases].map((question) => {
        const messages = promptMessages({ profile: "compact", question });
        return codec.encodePrompt(messages, tools).length;
      });
    });
    expect(Math.max(...lengths)).toBeLessThanOrEqual(500);
  });
});

import { describe, expect, it } from "vitest";
import { promptMessages } from "./prompt.ts";

describe("promptMessages", () => {
  it("is short in the compact profile", () => {
    expect(promptMessages({ profile: "compact", question: "What is the capital of Peru?" })).toEqual([
      { role: "user", content: "Answer with the tools.\nQuestion: What is the capital of Peru?" },
    ]);
  });

  it("is FTRL's instruction, word for word, in the ftrl profile", () => {
    expect(promptMessages({ profile: "ftrl", question: "Q?" })[0]!.content).toBe(
      "Please call given tools to answer the question. Please note that all your information must be obtained by calling tools and not by answering the question directly.\nIf the call fails, you need to try to correct it and continue until you arrive at an answer.\nQuestion: Q?",
    );
  });
});

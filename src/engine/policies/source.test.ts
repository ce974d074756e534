import { describe, expect, it } from "vitest";
import { parsePolicySource } from "./source.ts";

describe("where a policy comes from", () => {
  it.each([
    ["tiny", { kind: "tiny" }],
    ["smollm2-135m-instruct", { kind: "smollm2" }],
    ["hf:Qwen/Qwen3-0.6B", { kind: "hub", repository: "Qwen/Qwen3-0.6B", revision: "main" }],
    ["hf:Qwen/Qwen3-0.6B@refs/pr/1", { kind: "hub", repository: "Qwen/Qwen3-0.6B", revision: "refs/pr/1" }],
    ["hf:a/b@v1.0?reasoning=off", { kind: "hub", repository: "a/b", revision: "v1.0", reasoning: false }],
    ["/models/a.Q8_0.gguf", { kind: "gguf", file: "/models/a.Q8_0.gguf" }],
    ["/models/a?reasoning=on", { kind: "folder", folder: "/models/a", reasoning: true }],
  ])("%s is read", (text, expected) => {
    expect(parsePolicySource(text)).toEqual(expected);
  });

  it.each([
    ["hf:Qwen3", "names no repository"],
    ["hf:a/b/c", "names no repository"],
    ["hf:a/b@../../c", "names no repository"],
    ["hf:a/b@x?thinking=off", "has the option 'thinking=off'"],
    ["/models/a?reasoning=maybe", "has the option 'reasoning=maybe'"],
    ["/models/a?reasoning=on?reasoning=off", "has the option 'reasoning=on?reasoning=off'"],
  ])("%s is refused by what is wrong with it", (text, message) => {
    expect(() => parsePolicySource(text)).toThrow(`field 'policy' = "${text}" ${message}`);
  });
});

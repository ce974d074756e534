import { describe, expect, it } from "vitest";
import { bareCalls, taggedCalls } from "../trajectory/tool-format.ts";
import { rewardKinds, turnReward } from "./reward.ts";

const silent = {
  text: "hm",
  format: taggedCalls,
  calls: 0,
  solved: 0,
  unsolvedBefore: 2,
  answer: "São Paulo, Brazil",
};

describe("turnReward", () => {
  it("weighs solved answers q against calls p by its kind", () => {
    const turn = { ...silent, calls: 3, solved: 2 };
    expect(rewardKinds.map((kind) => turnReward(kind, turn))).toEqual([1, 2 / 3, 2, 4 / 3]);
  });

  it("is 0 for calls that solve nothing, whatever the text holds", () => {
    const turn = { ...silent, text: "São Paulo, Brazil", calls: 1 };
    expect(rewardKinds.map((kind) => turnReward(kind, turn))).toEqual([0, 0, 0, 0]);
  });

  it.each([
    ["an object that is no call", ' {"name": "a"}', -0.3],
    ["the tag of a call without one", "São Paulo, Brazil <|python_tag|>", -0.3],
    ["tags of another format", "<tool_call>", 0],
    ["the answer", "It is São Paulo, Brazil {so}.", 1 / 3],
  ])("without Llama 3's calls: %s", (_, text, expected) => {
    expect(turnReward("solve-f1", { ...silent, format: bareCalls, text })).toBe(expected);
  });

  it.each([
    ["nothing said", { text: " <|im_end|>\n" }, -0.5],
    ["an opening tag without a readable call", { text: "<tool_call>{}" }, -0.3],
    ["a closing tag, even beside the answer", { text: "São Paulo Brazil</tool_call>" }, -0.3],
    ["the answer, with two sub-answers owed", { text: "It is são paulo brazil." }, 1 / 3],
    ["the answer, with nothing owed", { text: "São Paulo, Brazil", unsolvedBefore: 0 }, 1],
    ["a piece of the answer only", { text: "Brazil" }, 0],
    ["something else, with everything solved", { unsolvedBefore: 0 }, 0.5],
    ["something else, with everything solved by FTRL's account", { solveRate: 1 }, 0.5],
    ["something else, with nothing owed but not all solved", { unsolvedBefore: 0, solveRate: 0.25 }, 0],
    ["something else", {}, 0],
    ["anything, where there is no answer", { text: "São Paulo", answer: null }, 0],
  ])("without calls: %s", (_, turn, expected) => {
    for (const kind of rewardKinds) expect(turnReward(kind, { ...silent, ...turn })).toBe(expected);
  });
});

import { describe, expect, it } from "vitest";
import { characterCodec, ids, responseOf, setOf, startIn } from "../../tests/support/character-policy.ts";
import { caseOf, chainCandidate } from "../../tests/support/small-world.ts";
import { createVmSandbox } from "../../tests/support/vm-sandbox.ts";
import type { ChatCodec } from "../core/ports/policy.ts";
import { prefixGroups } from "../core/trajectory/prefix.ts";
import { bareCalls } from "../core/trajectory/tool-format.ts";
import type { Trajectory } from "../core/trajectory/trajectory.ts";
import { playTools, recordResponses } from "./episode.ts";

const codec = characterCodec();
const call = (name: string, given: string) =>
  `<tool_call>{"name": "${name}", "arguments": ${given}}</tool_call>`;

const small = caseOf(chainCandidate);
const { environment } = small;
const set = setOf(small);
const start = startIn(small);
const limits = { reward: "solve-f1", maxTurns: 4, maxResponseTokens: 100 } as const;
const right = call("get_home", '{"city": "Lyon"}');
const wrong = call("get_home", '{"city": "Osaka"}');

const play = (trajectory: Trajectory, texts: readonly [string, ...string[]]) => {
  const [first, ...others] = texts.map(responseOf);
  const recorded = recordResponses(trajectory, [first!, ...others], codec);
  return playTools([recorded], set, codec, createVmSandbox(), limits);
};

describe("a turn with several responses at its prefix", () => {
  it("goes on with the first, and judges the others in the state that all of them were given", async () => {
    const [played] = await play(start, [wrong, right, "I do not know."]);
    expect(played!.state).toBe("awaits_response");
    expect(codec.decode(played!.tokens)).toBe(`?${wrong}[Japan]`);
    // The sibling's answer was not given to the trajectory.
    expect(played!.unsolved).toEqual({ get_home: ["France"], get_money: ["EUR"] });
    const [turn] = played!.turns;
    expect(turn!.reward).toBe(0);
    // Solve-F1 2q / (p + 1) of one call that solved: 2 * 1 / (1 + 1).
    expect(turn!.siblings.map(({ reward, calls, solved }) => ({ reward, calls, solved }))).toEqual([
      { reward: 1, calls: 1, solved: 1 },
      { reward: 0, calls: 0, solved: 0 },
    ]);
  });

  it("gives one group to each turn: exactly the ids that were seen, and all that was said there", async () => {
    const [first] = await play(start, [right, wrong]);
    const [second] = await play(first!, [call("get_money", '{"country": "France"}'), "EUR"]);
    const groups = prefixGroups(second!);
    expect(groups.map(({ prompt }) => codec.decode(prompt))).toEqual(["?", `?${right}[France]`]);
    expect(groups.map(({ responses }) => responses.map(({ tokens }) => codec.decode(tokens)))).toEqual([
      [right, wrong],
      [call("get_money", '{"country": "France"}'), "EUR"],
    ]);
    expect(groups[0]!.responses[0]).toMatchObject({ reward: 1, calls: 1, solved: 1, finish: "stop" });
  });
});

it("a call is told that there is no such tool, whatever arguments it has, before they are looked at", async () => {
  const [unknown] = await play(start, [call("get_moon", '"[1]"')]);
  expect(unknown!.turns[0]!.calls[0]!.output).toBe("an error occured when call get_moon: 'get_moon'");
  const [known] = await play(start, [call("get_home", '"[1]"')]);
  expect(known!.turns[0]!.calls[0]!.output).toContain("argument after ** must be a mapping, not list");
});

describe("a policy whose template has calls as bare objects", () => {
  const bare: ChatCodec = { ...codec, toolFormat: bareCalls };
  const said = async (text: string) => {
    const recorded = recordResponses(start, [responseOf(text)], bare);
    const [played] = await playTools([recorded], set, bare, createVmSandbox(), limits);
    return played!;
  };

  it("has them run and judged, and what only looks like one punished", async () => {
    const called = await said('{"name": "get_home", "parameters": {"city": "Lyon"}}');
    expect(called.turns[0]).toMatchObject({ reward: 1, calls: [{ tool: "get_home", output: "France" }] });
    expect(called.state).toBe("awaits_response");
    // Qwen's form is prose to it.
    expect(await said(right)).toMatchObject({ state: "answered", turns: [{ reward: 0 }] });
    expect(await said('{"name": "get_home"}')).toMatchObject({
      state: "answered",
      turns: [{ reward: -0.3 }],
    });
  });
});

describe("a turn that a stop string ended", () => {
  it("is given its turn-end token before the tools' results, and one that ended itself is not", async () => {
    const marked: ChatCodec = {
      ...codec,
      encodeToolResults: (outputs, ended) => ids(`${ended ? "" : "."}[${outputs.join("|")}]`),
      decode: (said) => String.fromCodePoint(...said).replace(/\.$/, ""),
      stopIds: ids("."),
    };
    const played = async (text: string) => {
      const recorded = recordResponses(start, [responseOf(text)], marked);
      const [settled] = await playTools([recorded], set, marked, createVmSandbox(), limits);
      return String.fromCodePoint(...settled!.tokens);
    };
    expect(await played(right)).toBe(`?${right}.[France]`);
    expect(await played(`${right}.`)).toBe(`?${right}.[France]`);
  });
});

describe("a call that failed", () => {
  it("solves nothing, though its error says the answer, and is shown to the policy as FTRL words it", async () => {
    const failing = set.environments[0]!.tools.map((tool) => ({
      ...tool,
      code: `function ${tool.document.name}() { throw new Error("about France"); }`,
    }));
    const asked = recordResponses(start, [responseOf(right)], codec);
    const failed = { ...set, environments: [{ ...environment, tools: failing }] };
    const [played] = await playTools([asked], failed, codec, createVmSandbox(), limits);
    const [turn] = played!.turns;
    const output = "an error occured when call get_home: about France";
    expect(turn!.calls).toMatchObject([{ outcome: "error", output, solved: null }]);
    expect([turn!.reward, played!.unsolved]).toEqual([0, start.unsolved]);
    expect(codec.decode(played!.tokens)).toBe(`?${right}[${output}]`);
  });
});

describe("a Python tool", () => {
  it("is given its arguments as they were written, where 1.0 is not 1", async () => {
    const python = set.environments[0]!.tools.map((tool) => ({ ...tool, runtime: "python" as const }));
    const pythonSet = { ...set, environments: [{ ...environment, tools: python }] };
    const sandbox = createVmSandbox();
    const asked = recordResponses(start, [responseOf(call("get_home", '{"city": 1.0}'))], codec);
    await playTools([asked], pythonSet, codec, sandbox, limits);
    expect(sandbox.calls.map(({ argumentsText }) => argumentsText)).toEqual(['{"city": 1.0}']);
  });
});

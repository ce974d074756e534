/** Arguments that a model wrote as text: a Python tool says of them over HTTP what it says in training, byte for byte. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { playTools, recordResponses } from "../src/activities/episode.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { type EnvironmentServer, serveHttp } from "../src/serve/http.ts";
import { callOf, characterCodec, responseOf, setOf, startIn } from "./support/character-policy.ts";
import { caseOf, chainCandidate, withTool } from "./support/small-world.ts";

const subject = withTool(caseOf(chainCandidate), "get_home", () => ({
  runtime: "python",
  code: "def get_home(table, /, **given):\n    return repr(given)",
}));
const sandbox = createSandbox({ ...defaultSandboxLimits, log: () => {} });
let server: EnvironmentServer;

beforeAll(async () => {
  server = await serveHttp(subject, sandbox, 0);
});
afterAll(async () => {
  await server.close();
  await sandbox.close();
});

async function overHttp(text: string): Promise<string> {
  const body = JSON.stringify({ id: "call-1", function: { name: "get_home", arguments: text } });
  const response = await fetch(`http://127.0.0.1:${server.port}/calls`, { method: "POST", body });
  return ((await response.json()) as { content: string }).content;
}

async function inTraining(text: string): Promise<string> {
  const codec = characterCodec();
  const asked = recordResponses(startIn(subject), [responseOf(callOf("get_home", text))], codec);
  const limits = { reward: "solve-f1", maxTurns: 4, maxResponseTokens: 100 } as const;
  const [played] = await playTools([asked], setOf(subject), codec, sandbox, limits);
  return played!.turns[0]!.calls[0]!.output;
}

const refused = (type: string) =>
  `an error occured when call get_home: get_home() argument after ** must be a mapping, not ${type}`;

it.each([
  ['{"x": NaN, "y": [Infinity, -Infinity]}', "{'x': nan, 'y': [inf, -inf]}"],
  ['{"x": 2.0, "y": 9007199254740993}', "{'x': 2.0, 'y': 9007199254740993}"],
  ["NaN", refused("float")],
  ["1.0", refused("float")],
  ["7", refused("int")],
  ["null", refused("NoneType")],
  ['"[1]"', refused("str")],
  ["[1]", refused("list")],
])("%s", async (text, said) => {
  expect(await inTraining(text)).toBe(said);
  expect(await overHttp(text)).toBe(said);
});

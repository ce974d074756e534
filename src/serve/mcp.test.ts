import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { caseOf, chainCandidate } from "../../tests/support/small-world.ts";
import type { Sandbox } from "../core/ports/sandbox.ts";
import { serveStdio } from "./mcp.ts";
import { openSession } from "./session.ts";

/** Takes a while for each call, as a child does. */
const slow: Sandbox = {
  run: async (invocations) => {
    await sleep(20);
    return invocations.map(({ arguments: given }) => ({
      kind: "returned",
      text: JSON.stringify(given),
      fuel: 1,
    }));
  },
  close: async () => {},
};

it("answers over standard input and output what was asked before the input ended", async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const served = serveStdio(openSession(caseOf(chainCandidate), slow), input, output);
  const client = { name: "a file", version: "1" };
  const called = (id: number, city: string) => ({
    id,
    method: "tools/call",
    params: { name: "get_home", arguments: { city } },
  });
  const asked = [
    {
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: client },
    },
    { method: "notifications/initialized" },
    called(2, "Lyon"),
    called(3, "Quito"),
  ];
  input.end(asked.map((one) => `${JSON.stringify({ jsonrpc: "2.0", ...one })}\n`).join(""));
  await served;
  const answers = String(output.read())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: number; result: { content?: { text: string }[] } });
  expect(answers.map(({ id, result }) => [id, result.content?.[0]?.text])).toEqual([
    [1, undefined],
    [2, '{"city":"Lyon"}'],
    [3, '{"city":"Quito"}'],
  ]);
});

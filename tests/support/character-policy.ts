/** What a policy is asked and says, as a spec writes it: one id a character, so that ids can be read. */
import { type EnvironmentSet, environmentHash, unsolvedSet } from "../../src/core/environment/environment.ts";
import type { Case } from "../../src/core/gates/gate.ts";
import type { ChatCodec, SampledResponse } from "../../src/core/ports/policy.ts";
import { taggedCalls } from "../../src/core/trajectory/tool-format.ts";
import type { Trajectory } from "../../src/core/trajectory/trajectory.ts";

export const ids = (text: string) => [...text].map((character) => character.codePointAt(0)!);

/** Every prompt is `prompt`; the results of a turn's tools are `[one|two]`. */
export const characterCodec = (prompt = "?", contextTokens = 1_000): ChatCodec => ({
  encodePrompt: () => ids(prompt),
  encodeToolResults: (outputs) => ids(`[${outputs.join("|")}]`),
  encodeAssistant: ids,
  decode: (said) => said.map((id) => String.fromCodePoint(id)).join(""),
  toolFormat: taggedCalls,
  stopIds: [],
  contextTokens,
});

export const responseOf = (text: string): SampledResponse => ({
  tokens: ids(text),
  logprobs: ids(text).map(() => -1),
  finish: "stop",
});

/** A call in Qwen's form; arguments that are text are given as text. */
export const callOf = (name: string, given: object | string) =>
  `<tool_call>${JSON.stringify({ name, arguments: given })}</tool_call>`;

export const setOf = ({ environment, tables }: Case): EnvironmentSet => ({
  format: "ratchet.environment-set.v1",
  name: "small",
  environments: [environment],
  tables: { ...tables },
  quarantined: [],
});

/** The first trajectory in a set's only environment, asked and with nothing said. */
export const startIn = ({ environment }: Pick<Case, "environment">, twin = 0): Trajectory => ({
  member: 0,
  environment: environmentHash(environment),
  twin,
  tokens: ids("?"),
  turns: [],
  unsolved: unsolvedSet(environment),
  state: "awaits_response",
});

/** A ledger to which everything is new. */
export const newLedger = {
  claim: async () => ({ state: "claimed", fence: 1 }),
  commit: async (_key: string, _fence: number, result: unknown) => ({ result, isOwn: true }),
  countFailure: async () => {},
};

/** Wrong calls get errors of a known kind, which neither leak an answer nor repeat what was passed. */
import { answersOf, type Environment } from "../environment/environment.ts";
import type { Json } from "../json.ts";
import type { ToolOutcome } from "../ports/sandbox.ts";
import { tidyKey } from "../synthesis/deploy/lookup-key.ts";
import { leavesOf } from "./arguments.ts";
import { invocationOf } from "./calls.ts";
import { type ExecutingGate, type Probe, trialOf } from "./gate.ts";
import { givenAwayIn } from "./given-away.ts";
import { type WrongCall, wrongCalls } from "./wrong-calls.ts";

export const errorBehaviourGate: ExecutingGate = {
  kind: "executing",
  gate: "error-behaviour",
  version: 8,
  again: false,
  plan: (subject) => {
    const leakIn = leaksOf(subject.environment);
    const probes = wrongCalls(subject).map(
      (call): Probe => ({
        tool: call.tool.document.name,
        invocation: invocationOf(call.tool, call.given, subject),
        fault: (outcome) => faultOf(outcome, call, leakIn),
      }),
    );
    return trialOf(probes, `${probes.length} wrong calls give typed errors that say nothing of answers`);
  },
};

function faultOf(
  outcome: ToolOutcome,
  { tool, given, kinds, isForgivable }: WrongCall,
  leakIn: (text: string) => string | undefined,
): string | undefined {
  const [kind] = kinds;
  if (isForgivable && outcome.kind === "returned") return undefined;
  if (outcome.kind !== "raised")
    return `no ${kind} error of ${JSON.stringify(given)}: ${outcome.kind} '${outcome.text.slice(0, 40)}'`;
  if (!kinds.some((one) => outcome.text.startsWith(`${one}: `)))
    return `'${outcome.text.slice(0, 40)}' is no ${kind} error`;
  const said = signsOf(outcome.text);
  const own = signsOf(JSON.stringify(tool.document));
  // Who helps with the spelling of a name says most of it.
  const isRepeated = (text: string) => repeats(said, text, own, isForgivable ? text.length : leastPart);
  if (passedIn(given).some(isRepeated)) return "an error repeats what was passed";
  const leaked = leakIn(outcome.text);
  return leaked === undefined ? undefined : `an error says '${leaked}'`;
}

/** The answer that a text gives away. Most calls get one of few errors. */
function leaksOf(environment: Environment): (text: string) => string | undefined {
  const answers = answersOf(environment);
  const known = new Map<string, string | undefined>();
  return (text) => {
    if (!known.has(text)) known.set(text, answers.find(givenAwayIn(text)));
    return known.get(text);
  };
}

/** Shorter texts and numbers stand in sentences by chance. */
const leastRecognized = 4;
/** So many letters and digits in a row are repeated where a part is. */
const leastPart = 6;

/** Letters and digits, whatever stands between them. */
const signsOf = (text: string) => tidyKey(text).replace(/[^\p{L}\p{N}]/gu, "");

/** Whether an error says a passed text or a part of it, but for what the document says itself, its choices and limits. */
function repeats(said: string, passed: string, own: string, least: number): boolean {
  const length = Math.min(passed.length, least);
  for (let at = 0; at + length <= passed.length; at++) {
    const part = passed.slice(at, at + length);
    if (said.includes(part) && !own.includes(part)) return true;
  }
  return false;
}

/** What was passed, as an error might repeat it. */
function passedIn(given: Json): string[] {
  const passed = leavesOf(given).flatMap(({ path, value }) =>
    typeof value === "boolean" || value === null ? path : [...path, value],
  );
  return [...new Set(passed.map((one) => signsOf(String(one))))].filter(
    ({ length }) => length >= leastRecognized,
  );
}

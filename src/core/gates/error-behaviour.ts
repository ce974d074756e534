/** Wrong calls get errors of a known kind, which neither leak an answer nor repeat what was passed. */
import type { Environment, Tool } from "../environment/environment.ts";
import { environmentHash } from "../environment/environment.ts";
import { seedOf } from "../hash.ts";
import type { JsonObject } from "../json.ts";
import type { ToolOutcome } from "../ports/sandbox.ts";
import { seededRandom } from "../random.ts";
import { answerMatches } from "../reward/match.ts";
import type { errorKinds } from "../synthesis/deploy/validation.ts";
import { garbageArguments, misfit, sentinel } from "./arguments.ts";
import { invocationOf } from "./calls.ts";
import { type Case, type ExecutingGate, type Probe, trialOf } from "./gate.ts";

type ErrorKind = (typeof errorKinds)[number];

export const errorBehaviourGate: ExecutingGate = {
  kind: "executing",
  gate: "error-behaviour",
  version: 2,
  again: false,
  plan: (subject) => {
    const probes = subject.environment.tools.flatMap((tool) => probesOf(subject, tool));
    return trialOf(probes, `${probes.length} wrong calls give typed errors that say nothing of answers`);
  },
};

function probesOf(subject: Case, tool: Tool): Probe[] {
  const { environment } = subject;
  const { parameters, name } = tool.document;
  const random = seededRandom(seedOf("errors", environmentHash(environment), name));
  const fitting = garbageArguments(parameters, random);
  const expecting = (given: JsonObject, kind: ErrorKind): Probe => ({
    tool: name,
    invocation: invocationOf(tool, given, subject),
    fault: (outcome) => faultOf(outcome, kind, environment),
  });
  const { [parameters.required[0] ?? ""]: _, ...lacking } = fitting;
  return [
    expecting({ ...fitting, [sentinel]: sentinel }, "unknown_argument"),
    ...(parameters.required.length > 0 ? [expecting(lacking, "missing_argument")] : []),
    ...Object.entries(parameters.properties).map(([parameter, schema]) =>
      expecting({ ...fitting, [parameter]: misfit(schema) }, "invalid_argument"),
    ),
    ...(tool.table === undefined ? [] : [expecting(fitting, "not_found")]),
  ];
}

function faultOf(
  outcome: ToolOutcome,
  kind: ErrorKind,
  { subQuestions, answer }: Environment,
): string | undefined {
  if (outcome.kind !== "raised") return `no ${kind} error: ${outcome.kind} '${outcome.text.slice(0, 40)}'`;
  if (!outcome.text.startsWith(`${kind}: `)) return `'${outcome.text.slice(0, 40)}' is no ${kind} error`;
  if (outcome.text.includes(sentinel)) return "an error repeats what was passed";
  const leaked = [...subQuestions.map((sub) => sub.answer), answer].find((secret) =>
    answerMatches(secret, outcome.text),
  );
  return leaked === undefined ? undefined : `an error says '${leaked}'`;
}

/**
 * Calls that try an environment's tools from every side: as they are meant, with nothing, and wrong in each known way; those
 * in Python about some other rows too, for the order of a small set is often the same by chance.
 */
import { environmentHash, type Tool } from "../environment/environment.ts";
import { seedOf } from "../hash.ts";
import type { JsonObject } from "../json.ts";
import { seededRandom } from "../random.ts";
import { madeCalls } from "./calls.ts";
import type { Case } from "./gate.ts";
import { askingFor, tableFacts } from "./table-facts.ts";
import { wrongCalls } from "./wrong-calls.ts";

export interface TriedCall {
  readonly tool: Tool;
  readonly given: JsonObject;
  /** For evidence: a sub-question's id, or what is wrong. */
  readonly what: string;
}

const otherRows = 6;

export function triedCalls(subject: Case): TriedCall[] {
  return [
    ...madeCalls(subject).map(({ tool, given, sub }) => ({ tool, given, what: sub.id })),
    ...subject.environment.tools.map((tool) => ({ tool, given: {}, what: "a call without arguments" })),
    ...wrongCalls(subject).map(({ tool, given }) => ({ tool, given, what: "a wrong call" })),
    ...aboutOtherRows(subject),
  ];
}

/** Of each Python tool its first reference call. */
function aboutOtherRows(subject: Case): TriedCall[] {
  const random = seededRandom(seedOf("other rows", environmentHash(subject.environment)));
  const calls = madeCalls(subject);
  return calls.flatMap((call, i) => {
    const { tool, given } = call;
    if (tool.runtime !== "python" || calls.findIndex((other) => other.tool === tool) < i) return [];
    const facts = tableFacts(subject, call);
    if (typeof facts !== "object") return [];
    return random
      .shuffle(Object.keys(facts.table.rows))
      .slice(0, otherRows)
      .map((row) => askingFor(facts, call, given, row))
      .filter((asked) => asked !== undefined)
      .map((asked) => ({ tool, given: asked, what: "another row" }));
  });
}

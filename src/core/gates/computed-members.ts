/**
 * Members by names that only running the code would tell. A row's field, an element, one of the code's own functions may
 * be read and used; what might be the maker of functions, which evaluates text, may not be called, nor be handed on to
 * whoever would call it.
 */
import type { AnyNode } from "acorn";
import { settledFlow } from "./call-flow.ts";
import type { Folding } from "./folding.ts";
import { listedFunctions } from "./listed-functions.ts";
import { callbackAt, callers } from "./method-names.ts";
import {
  type Call,
  type Code,
  calleeOf,
  callIn,
  contentsOf,
  type Flow,
  functionsOf,
  held,
  isGlobal,
  isPlainFunction,
  levelOf,
} from "./value-flow.ts";

export function computedMemberFaults(code: Code): string[] {
  if (!code.nodes.some((node) => isUnreadable(node, code.folded))) return [];
  const flow = settledFlow(code);
  const calls = code.nodes.flatMap((node) => callIn(node) ?? []);
  return [
    ...(calls.some((call) => levelOf(flow, held(flow, calleeOf(flow, call).callee)) === 2)
      ? ["calls what it finds under a name that only running the code would tell"]
      : []),
    ...(calls.some((call) => handsOn(flow, call))
      ? ["hands on, to be called, what it finds under a name that only running the code would tell"]
      : []),
    ...(flow.isSpoilt
      ? [
          "puts what it finds under a name that only running the code would tell into something that it finds so",
        ]
      : []),
  ];
}

const isUnreadable = (node: AnyNode, folded: Folding): boolean =>
  (node.type === "MemberExpression" && node.computed && folded(node.property) === undefined) ||
  (node.type === "Property" && node.computed && folded(node.key) === undefined);

/** Whether some argument that may be called is what may not be. */
function handsOn(flow: Flow, call: Call): boolean {
  const { callee, method } = calleeOf(flow, call);
  if (functionsOf(flow, callee) || listedFunctions(flow, callee)) return false;
  if (isPlainFunction(flow, callee) || isGlobal(flow, callee)) return false;
  const isMaker = (node: AnyNode | undefined) => node !== undefined && levelOf(flow, held(flow, node)) === 2;
  if (method !== undefined && !callers.has(method)) {
    const at = callbackAt.get(method);
    const isSpread = call.given.some(({ type }) => type === "SpreadElement");
    return at !== undefined && (isSpread ? call.given.some(isMaker) : isMaker(call.given[at]));
  }
  return call.given.some((one) => isMaker(one) || levelOf(flow, contentsOf(flow, held(flow, one))) === 2);
}

/** What methods of built-in values hand on: to callbacks, into what they are called on, and as what they give. */
import type { AnyNode } from "acorn";
import type { FunctionNode } from "./bindings.ts";
import type { Held } from "./held-values.ts";
import {
  callbackAt,
  elementResults,
  mappedResults,
  plainResults,
  sameResults,
  storing,
} from "./method-names.ts";
import {
  contentsOf,
  type Flow,
  functionsOf,
  give,
  held,
  hold,
  isGlobal,
  isNamed,
  join,
  kept,
  levelOf,
  put,
  type Value,
} from "./value-flow.ts";

export interface MethodCall {
  readonly site: Held;
  readonly callee: AnyNode;
  /** Undefined where a global is asked, whose first argument then is what the method is about. */
  readonly object: Value;
  readonly method: string;
  readonly given: readonly AnyNode[];
  readonly passed: readonly Value[];
}

export function learnMethod(flow: Flow, call: MethodCall): void {
  const { site, callee, object, method, passed } = call;
  const { contents } = flow.values;
  const about = object ?? passed[0];
  const results = learnCallbacks(flow, call, about);
  if (storing.has(method)) for (const value of passed) put(flow, object, "0", value);
  if (plainResults.has(method)) return;
  if (elementResults.has(method)) {
    join(flow, site, [contentsOf(flow, about), ...results, ...passed.slice(1)]);
    return;
  }
  if (sameResults.has(method)) join(flow, site, [about]);
  const isOfObjects = callee.type === "MemberExpression" && isNamed(flow, callee.object, "Object");
  switch (method) {
    case "assign":
      for (const source of passed.slice(1)) put(flow, about, undefined, contentsOf(flow, source));
      return;
    case "keys":
      if (!isOfObjects) join(flow, contents(site), [contentsOf(flow, about)]);
      return;
    case "entries":
    case "groupBy":
      join(flow, contents(contents(site)), [contentsOf(flow, about)]);
      return;
    case "fromEntries":
      hold(flow, site, undefined, contentsOf(flow, contentsOf(flow, about)));
      return;
    case "flat":
    case "flatMap":
      for (const value of [about, ...results])
        join(flow, contents(site), [contentsOf(flow, value), contentsOf(flow, contentsOf(flow, value))]);
      join(flow, contents(site), results);
      return;
    default:
      join(flow, contents(site), mappedResults.has(method) ? results : [contentsOf(flow, about), ...results]);
      if (["of", "concat", "with", "toSpliced", "next", "return"].includes(method))
        join(flow, contents(site), [...passed, ...passed.map((value) => contentsOf(flow, value))]);
  }
}

/** Hands on to callbacks what a method hands on, and gives what they make of it. */
function learnCallbacks(
  flow: Flow,
  { site, object, method, given, passed }: MethodCall,
  about: Value,
): readonly Held[] {
  const at = callbackAt.get(method);
  if (at === undefined) return [];
  const isSpread = given.some(({ type }) => type === "SpreadElement");
  const functions = (isSpread ? given : given.slice(at, at + 1)).flatMap((one) => callbacksIn(flow, one));
  const results = [...new Set(functions)].map((callback) => {
    const result = kept(flow, flow.results, callback);
    for (const [i, parameter] of callback.params.entries()) {
      give(flow, parameter, contentsOf(flow, about));
      if (i > 1) give(flow, parameter, object);
      if (method.startsWith("reduce"))
        for (const value of [result, ...passed.slice(1)]) give(flow, parameter, value);
    }
    return result;
  });
  // What is no function of the code's own may be a built-in one, and give another.
  if (functions.length === 0 && passed.slice(at).some((value) => levelOf(flow, value) > 0))
    flow.values.raise(flow.values.contents(site), 1);
  return results;
}

/** Functions that may be called where this is an argument of a method. */
function callbacksIn(flow: Flow, argument: AnyNode): readonly FunctionNode[] {
  const known = functionsOf(flow, argument);
  if (known) return known;
  return isGlobal(flow, argument) || levelOf(flow, held(flow, argument)) === 0 ? [] : flow.callable;
}

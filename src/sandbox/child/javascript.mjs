// The child that runs JavaScript tools in QuickJS, in memory that is put back as it was after every call, so that
// nothing a tool does to a prototype or a global is there for the next one. A program is loaded once for all its calls
// that follow one another: they begin with the memory that its loading left. Fuel is counted by QuickJS itself (loop
// back-edges and calls); its native loops count nothing, and only the parent's clock ends those. Large tables are read
// row by row (table.mjs).
import {
  capMemory,
  finish,
  fixClockAndRandomness,
  lockDown,
  readFrame,
  readJob,
  report,
  reportBroken,
  settings,
  tellPortion,
} from "./host.mjs";
import { createImages } from "./image.mjs";
import { loadQuickJs } from "./quickjs.mjs";
import { isWholeName, memberText, tablePrelude } from "./table.mjs";
import { warmUp } from "./warm-up.mjs";

/** QuickJS asks whether to go on each time it has counted this many steps. */
const stepsPerInterrupt = 10_000;
const stackBytes = 256 * 1024;
/** A child whose memory has grown past this ends: wiping it after every call would cost more than a fresh child. */
const largestMemoryBytes = 64 * 1024 * 1024;

/**
 * Evaluated in the tool's context before anything else: nothing is left there that makes code from text, whichever way a
 * tool gets hold of it. Whatever evaluates text is `eval` or the constructor of one of the four kinds of functions. What
 * globals inherit from takes no members: one with a getter would be handed the global object by any name that is not there.
 */
const withoutEvaluation = `(() => {
  const { EvalError, Object: { defineProperty, getPrototypeOf, preventExtensions } } = globalThis;
  const refusing = (name) => {
    const refuse = function (text) {
      throw new EvalError("'" + name + "' makes code from text, which no tool may; write the code out");
    };
    return defineProperty(refuse, "name", { value: name });
  };
  for (const one of [function () {}, function* () {}, async function () {}, async function* () {}]) {
    const prototype = getPrototypeOf(one);
    const refuse = refusing(prototype.constructor.name);
    defineProperty(refuse, "prototype", { value: prototype, writable: false });
    defineProperty(prototype, "constructor", { value: refuse });
  }
  globalThis.Function = refusing.constructor;
  globalThis.eval = refusing("eval");
  for (const one of [{}, function () {}]) preventExtensions(getPrototypeOf(one));
})()`;

/** Evaluated in the tool's context before the tool, which therefore cannot change what it uses. */
const prelude = `(() => {
  const { JSON: { parse, stringify }, Promise, Error, String, TypeError } = globalThis;
  const resolve = Promise.resolve.bind(Promise);
  const call = Function.prototype.call;
  const then = call.bind(Promise.prototype.then);
  const slice = call.bind(String.prototype.slice);
  const cut = (text, longest) =>
    text.length <= longest ? text : slice(text, 0, longest) + "... [" + (text.length - longest) + " more characters]";
  const render = (result) => {
    if (typeof result === "string") return result;
    if (typeof result === "function" || typeof result === "symbol")
      throw new TypeError("the tool returned a " + typeof result + ", which JSON cannot hold");
    return stringify(result) ?? "null";
  };
  // As JSON: on its way out a text would end at its first U+0000, and half a surrogate pair is no UTF-8.
  const say = (text, longest) => stringify(cut(text, longest));
  return {
    read: (text) => parse(text),
    invoke(tool, argumentsText, table, longest) {
      const result = tool(parse(argumentsText), table);
      return result instanceof Promise
        ? then(result, (value) => say(render(value), longest))
        : say(render(result), longest);
    },
    complain: (error, longest) =>
      say(String(error instanceof Error ? error.message || error.name : error), longest),
  };
})()`;

fixClockAndRandomness();
capMemory(settings.memoryBytes);
const { quickjs, memory, unused } = await loadQuickJs(settings);
lockDown();
let steps = 0;
/** Set by a call that cannot go on with a table that is read row by row. */
let abandoned = false;
/** The large objects of the table that is read row by row. */
let objects = [];
/** Until a job says otherwise. */
let fuel = Number.POSITIVE_INFINITY;
const runtime = quickjs.newRuntime();
runtime.setMemoryLimit(settings.memoryBytes);
runtime.setMaxStackSize(stackBytes);
runtime.setInterruptHandler(() => {
  steps += stepsPerInterrupt;
  if (steps % settings.stepsPerPortion === 0) tellPortion();
  return abandoned || steps > fuel;
});
const context = runtime.newContext();
context.unwrapResult(context.evalCode(withoutEvaluation));
const library = context.unwrapResult(context.evalCode(prelude));
const [read, invoke, complain] = ["read", "invoke", "complain"].map((name) => context.getProp(library, name));
const openTable = context.unwrapResult(
  context.callFunction(
    context.unwrapResult(context.evalCode(tablePrelude)),
    context.undefined,
    context.newFunction("memberOf", (object, nameGiven, length) => {
      const name = context.getString(nameGiven);
      abandoned ||= !isWholeName(name, context.getNumber(length));
      const text = memberText(objects[context.getNumber(object)], name);
      return text === undefined ? context.undefined : context.newString(text);
    }),
    context.newFunction("abandon", () => {
      abandoned = true;
    }),
  ),
);
const images = createImages(() => memory, unused);
const clean = { image: images.take(), steps };
/** What the parent asked for. */
let job;
/** The programs of the last call: with its table read row by row, and with all of it. */
let byRow;
let whole;
run(warmUp, () => {});
goBackTo(clean);
[byRow, whole] = [];
report({ ready: true });

const asked = readJob();
run({ ...asked, tables: asked.tables.map((table) => ({ ...table, text: readFrame() })) }, report);
finish();

function run(asked, tell) {
  job = asked;
  fuel = asked.fuel;
  for (const [i, { program, arguments: text }] of asked.calls.entries()) {
    try {
      const again = asked.calls[i + 1]?.program === program;
      byRow = ready(byRow, program, again, false);
      let outcome = outcomeOf(byRow, text);
      if (abandoned) {
        abandoned = false;
        whole = ready(whole, program, again, true);
        outcome = outcomeOf(whole, text);
      }
      tell(outcome);
    } catch {
      reportBroken();
      return;
    }
    if (images.size() > largestMemoryBytes) return;
  }
}

function goBackTo(state) {
  images.putBack(state.image);
  steps = state.steps;
}

/** The program as every call of it finds it; what is loaded is used again where it is the same. */
function ready(loaded, program, isCalledAgain, isWhole) {
  if (loaded?.program !== program || !loaded.image) return load(program, isCalledAgain, isWhole);
  goBackTo(loaded);
  return loaded;
}

function outcomeOf(loaded, text) {
  return loaded.failure ?? settled(call(loaded, text));
}

/** A program's tool and table, or the outcome that all its calls have. */
function load(program, isCalledAgain, isWhole) {
  goBackTo(clean);
  const { name, code, table } = job.programs[program];
  const evaluated = context.evalCode(code, "tool.js", { type: "global" });
  if (evaluated.error) return failed(program, evaluated.error);
  const tool = context.evalCode(
    /^[A-Za-z_$][\w$]*$/.test(name) ? name : `throw new ReferenceError("'${name}' is not defined")`,
  );
  if (tool.error) return failed(program, tool.error);
  const given = table === undefined ? { value: context.undefined } : giveTable(job.tables[table], isWhole);
  if (given.error) return failed(program, given.error);
  const state = { program, tool: tool.value, table: given.value, steps };
  return isCalledAgain ? { ...state, image: images.take() } : state;
}

function giveTable({ text, rest, large }, isWhole) {
  if (isWhole || large.length === 0)
    return context.callFunction(read, context.undefined, context.newString(text.toString("utf8")));
  objects = large.map(({ from, to }) => text.subarray(from, to));
  const keys = rest === "" ? "" : JSON.stringify(large.map(({ key }) => key));
  return context.callFunction(openTable, context.undefined, context.newString(rest), context.newString(keys));
}

function failed(program, error) {
  return { program, failure: settled(raised(error)), ...clean };
}

/** What the parent is told, fuel included; throws where the interpreter did not survive the call. */
function settled(outcome) {
  return steps > fuel ? { kind: "out_of_fuel", text: "", fuel } : { ...outcome, fuel: steps };
}

function raised(error) {
  const longest = context.newNumber(job.longestText);
  const complaint = context.callFunction(complain, context.undefined, error, longest);
  return { kind: "raised", text: complaint.error ? "error" : textOf(complaint.value) };
}

/** What `say` says. */
function textOf(said) {
  return JSON.parse(context.getString(said));
}

function call({ tool, table }, argumentsText) {
  const called = context.callFunction(
    invoke,
    context.undefined,
    tool,
    context.newString(argumentsText),
    table,
    context.newNumber(job.longestText),
  );
  if (called.error) return raised(called.error);
  if (context.typeof(called.value) === "string") return { kind: "returned", text: textOf(called.value) };
  runtime.executePendingJobs();
  const state = context.getPromiseState(called.value);
  if (state.type === "fulfilled") return { kind: "returned", text: textOf(state.value) };
  if (state.type === "rejected") return raised(state.error);
  return { kind: "raised", text: "the tool returned a promise that never settles" };
}

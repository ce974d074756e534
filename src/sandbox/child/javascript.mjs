// The child that runs JavaScript tools in QuickJS: one runtime and context per call, in memory put back as it was, so
// that nothing a tool does to a prototype or a global is there for the next one. Fuel is counted by QuickJS itself (loop back-edges and calls); its
// native loops count nothing, and only the parent's clock ends those.
import { pathToFileURL } from "node:url";
import {
  capMemory,
  finish,
  fixClockAndRandomness,
  lockDown,
  readJob,
  report,
  reportBroken,
} from "./host.mjs";

/** QuickJS asks whether to go on each time it has counted this many steps. */
const stepsPerInterrupt = 10_000;
const stackBytes = 256 * 1024;

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
  return {
    invoke(tool, argumentsText, tableText, longest) {
      const result = tool(parse(argumentsText), tableText === undefined ? undefined : parse(tableText));
      return result instanceof Promise
        ? then(result, (value) => cut(render(value), longest))
        : cut(render(result), longest);
    },
    complain: (error, longest) =>
      cut(String(error instanceof Error ? error.message || error.name : error), longest),
  };
})()`;

const { job } = readJob();
fixClockAndRandomness();
capMemory(job.memoryBytes);
const { newQuickJSWASMModule } = await import(pathToFileURL(job.quickjs).href);
const quickjs = await newQuickJSWASMModule();
lockDown();
const memory = new Uint8Array(quickjs.getWasmMemory().buffer).slice();
report({ ready: true });
for (const { program, arguments: text } of job.calls) {
  const { name, code, table } = job.programs[program];
  try {
    report(runCall(name, code, text, table === undefined ? undefined : job.tables[table]));
  } catch {
    reportBroken();
    break;
  }
  // Puts back what no disposal of handles could: the whole interpreter, as it was before the call.
  new Uint8Array(quickjs.getWasmMemory().buffer).fill(0, memory.length).set(memory);
}
finish();

/** The outcome; throws where the interpreter did not survive the call. */
function runCall(name, code, argumentsText, tableText) {
  const runtime = quickjs.newRuntime();
  runtime.setMemoryLimit(job.memoryBytes);
  runtime.setMaxStackSize(stackBytes);
  let steps = 0;
  runtime.setInterruptHandler(() => {
    steps += stepsPerInterrupt;
    return steps > job.fuel;
  });
  const outcome = outcomeOf(runtime, runtime.newContext(), name, code, argumentsText, tableText);
  return steps > job.fuel ? { kind: "out_of_fuel", text: "", fuel: job.fuel } : { ...outcome, fuel: steps };
}

function outcomeOf(runtime, context, name, code, argumentsText, tableText) {
  const library = context.unwrapResult(context.evalCode(prelude));
  const longest = context.newNumber(job.longestText);
  const raised = (error) => {
    const complaint = context.callFunction(
      context.getProp(library, "complain"),
      context.undefined,
      error,
      longest,
    );
    return { kind: "raised", text: complaint.error ? "error" : context.getString(complaint.value) };
  };
  const loaded = context.evalCode(code, "tool.js", { type: "global" });
  if (loaded.error) return raised(loaded.error);
  const tool = context.evalCode(
    /^[A-Za-z_$][\w$]*$/.test(name) ? name : `throw new ReferenceError("'${name}' is not defined")`,
  );
  if (tool.error) return raised(tool.error);
  const called = context.callFunction(
    context.getProp(library, "invoke"),
    context.undefined,
    tool.value,
    context.newString(argumentsText),
    tableText === undefined ? context.undefined : context.newString(tableText),
    longest,
  );
  if (called.error) return raised(called.error);
  if (context.typeof(called.value) === "string")
    return { kind: "returned", text: context.getString(called.value) };
  runtime.executePendingJobs();
  const state = context.getPromiseState(called.value);
  if (state.type === "fulfilled") return { kind: "returned", text: context.getString(state.value) };
  if (state.type === "rejected") return raised(state.error);
  return { kind: "raised", text: "the tool returned a promise that never settles" };
}

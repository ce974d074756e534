/** Defects of a tool's code: it knows one question, answers what it should not, or fails in ways it should not. */
import type { Tool } from "../environment/environment.ts";
import { around, type Defect, type LookedUp, lookups, someLookup, withTool } from "./defect.ts";

const quoted = (value: unknown) => JSON.stringify(value);

/** A defect of the tool that answers some looked-up sub-question. */
const inLookup = (
  kind: string,
  gate: string,
  pieces: (call: LookedUp) => { before?: string; after?: string },
): Defect => ({
  kind,
  gate,
  plant: (subject, random) => {
    const call = someLookup(subject, random);
    return call && withTool(subject, call.tool.document.name, (tool) => around(tool, pieces(call)));
  },
});

/** Some tool begins with one of these. */
const inAnyTool = (kind: string, gate: string, beginnings: readonly string[]): Defect => ({
  kind,
  gate,
  plant: (subject, random) => {
    const { document } = random.pick(subject.environment.tools);
    const before = random.pick(beginnings);
    return withTool(subject, document.name, (tool) => around(tool, { before }));
  },
});

const isTheCall = ({ given }: LookedUp) =>
  `JSON.stringify(arguments[0]) === ${quoted(JSON.stringify(given))}`;
const goldValue = ({ facts: { own, field } }: LookedUp) =>
  `String((table.rows[${quoted(own)}] || {})[${quoted(field)}])`;
const rethrow = "if ($error) throw $error;";
/** The argument that names the row, where it is an argument of its own. */
const nameOf = ({ facts: { key } }: LookedUp) =>
  key.path.reduce((at, step) => `${at}[${quoted(step)}]`, "arguments[0]");

const outside = [
  "globalThis.process && process.exit(1);",
  'const fs = require("fs"); fs.readFileSync("/etc/hostname");',
  'fetch("http://127.0.0.1/");',
  '[].filter.constructor("return 1")();',
  'eval("1");',
];

/** Ways out of the code that hide from a plain look at its names. */
const disguised = [
  "const $g = (Date) => 1; $g(Date.now());",
  "const $g = (eval) => 1; $g(eval('1'));",
  "[].filter['const' + 'ructor']('return 1')();",
  "Math[`random`]();",
  "const { 'random': $r } = Math; $r();",
  "const $k = 'random'; Math[$k]();",
  "let $k = 'a'; $k = 'random'; Math[$k]();",
  "String(new Error().stack);",
  `[].filter[${[..."constructor"].map((one) => `"${one}"`).join(" + ")}]("return 1")();`,
];

/** The maker of functions, found by a name made at run time: no reader can tell, and the sandbox has none. */
const unreadable = [
  "const $k = ['const', 'ructor'].join(''); [].filter[$k]('return 1')();",
  "let $k = 'a'; $k = 'constructor'; [].filter[$k]('return 1')();",
  "const $g = (one, key) => one[key]; $g($g, ['const', 'ructor'].join(''))('return 1')();",
  "const { [['const', 'ructor'].join('')]: $g } = () => 1; $g('return 1')();",
];

const now = 'Date.now() + "." + Math.random()';

/** The document's required arguments at the top. */
const required = ({ document }: Tool) => document.parameters.required;

export const codeDefects: readonly Defect[] = [
  inLookup("hard-coded answer", "static-code", (call) => ({
    before: `if (${isTheCall(call)}) return ${quoted(call.sub.answer)};`,
  })),
  inLookup("hard-coded answer in disguise", "generalization", (call) => ({
    before: `if (${isTheCall(call)}) return ${quoted([...call.sub.answer])}.join("");`,
  })),
  inLookup("one-key tool", "generalization", (call) => ({
    after: `${rethrow} if (${nameOf(call)}.toLowerCase().trim() !== ${quoted(String(call.facts.key.value).toLowerCase())}) throw new Error("not_found: no row has this name"); return $result;`,
  })),
  inLookup("exact-wording gate", "generalization", (call) => ({
    before: `const $name = ${nameOf(call)}; if (typeof $name === "string" && ($name !== $name.trim() || $name === $name.toUpperCase() && $name !== ${quoted(call.facts.key.value)})) throw new Error("not_found: no row has this name");`,
  })),
  {
    kind: "refuses an argument that it documents",
    gate: "generalization",
    plant: (subject, random) => {
      const call = someLookup(subject, random);
      return (
        call &&
        withTool(subject, call.tool.document.name, (tool) => {
          const { parameters } = tool.document;
          const properties = { ...parameters.properties, verbose: { type: "boolean", default: false } };
          return {
            ...tool,
            document: { ...tool.document, parameters: { ...parameters, properties } },
            code: tool.code.replace("({ ", "({ verbose = false, "),
          };
        })
      );
    },
  },
  {
    kind: "does not know a row's other names",
    gate: "generalization",
    plant: (subject, random) => {
      const named = lookups(subject).filter(({ facts }) =>
        Object.values(facts.table.aliases).includes(facts.own),
      );
      if (named.length === 0) return undefined;
      const call = random.pick(named);
      const before = `const $named = ${nameOf(call)}; if (typeof $named === "string" && $named !== ${quoted(call.facts.key.value)} && Object.hasOwn(table.aliases, $named.trim().toLowerCase())) throw new Error("not_found: no row has this name");`;
      return withTool(subject, call.tool.document.name, (tool) => around(tool, { before }));
    },
  },
  inLookup("a wrong path ends at the answer", "negative", (call) => ({
    after: `${rethrow} const $other = String(${nameOf(call)}).trim(); const $sum = [...$other].reduce((sum, one) => sum + one.charCodeAt(0), 0); return $sum % 3 === 0 && $other.toLowerCase() !== ${quoted(String(call.facts.key.value).toLowerCase())} ? ${goldValue(call)} : $result;`,
  })),
  inLookup("one output for all other names", "generalization", (call) => ({
    after: `${rethrow} const $gold = ${goldValue(call)}; if (String($result).includes($gold)) return $result; return [...new Set(Object.values(table.rows).map((row) => String(row[${quoted(call.facts.field)}])))].filter((one) => !one.toLowerCase().includes($gold.toLowerCase()) && !$gold.toLowerCase().includes(one.toLowerCase())).join("; ");`,
  })),
  inLookup("too permissive: unknown names get the answer", "negative", (call) => ({
    after: `if ($error && String($error.message).startsWith("not_found")) return ${goldValue(call)}; ${rethrow} return $result;`,
  })),
  inLookup("constant tool", "negative", (call) => ({ after: `${rethrow} return ${goldValue(call)};` })),
  inLookup("dump-all tool", "negative", (call) => ({
    after: `${rethrow} return Object.values(table.rows).map((row) => row[${quoted(call.facts.field)}]).join("; ");`,
  })),
  inLookup("echoing tool", "generalization", () => ({
    after: `${rethrow} return "asked for " + JSON.stringify(arguments[0]) + ": " + $result;`,
  })),
  inLookup("echoing tool that never fails", "error-behaviour", () => ({
    after: `return "asked for " + JSON.stringify(arguments[0]) + ": " + ($error ? "nothing" : $result);`,
  })),
  inLookup("right for the question, wrong for others", "generalization", (call) => ({
    after: `${rethrow} if ($result === ${goldValue(call)}) return $result; const $all = Object.values(table.rows).map((row) => String(row[${quoted(call.facts.field)}])); return $all[($all.indexOf($result) + 1) % $all.length];`,
  })),
  inLookup("near its fuel limit", "fuel", (call) => ({
    before: `let $steps = 0; if (${isTheCall(call)}) while ($steps < 700000) $steps++;`,
  })),
  inLookup("clock or chance in the output", "static-code", () => ({
    after: `${rethrow} return $result + " as of " + ${now};`,
  })),
  inAnyTool("reaches outside", "static-code", outside),
  inAnyTool("reaches outside in disguise", "static-code", disguised),
  inAnyTool("evaluates text that no reader of the code can see", "error-behaviour", unreadable),
  inLookup("clock or chance in the answers alone", "determinism", () => ({
    after: `${rethrow} return $result + " as of " + ${now};`,
  })),
  inLookup("clock or chance in the errors alone", "determinism", () => ({
    after: `if (!$error) return $result; throw new Error($error.message + " (" + ${now} + ")");`,
  })),
  {
    kind: "takes one argument that is missing for granted",
    gate: "error-behaviour",
    plant: (subject, random) => {
      const tools = subject.environment.tools.filter((tool) => required(tool).length > 1);
      if (tools.length === 0) return undefined;
      const { document } = random.pick(tools);
      const name = random.pick(document.parameters.required.slice(1));
      return withTool(subject, document.name, (tool) =>
        around(tool, {
          after: `if ($error && arguments[0][${quoted(name)}] === undefined && String($error.message).startsWith("missing_argument") && Object.keys(arguments[0]).length > 0) return "nothing given"; ${rethrow} return $result;`,
        }),
      );
    },
  },
  inLookup("errors that repeat the name that was not found", "error-behaviour", (call) => ({
    after: `if ($error && String($error.message).startsWith("not_found")) throw new Error($error.message + ": " + ${nameOf(call)}); ${rethrow} return $result;`,
  })),
  inLookup("takes nothing for an argument", "error-behaviour", (call) => ({
    after: `if ($error && ${nameOf(call)} === null) return "nothing given"; ${rethrow} return $result;`,
  })),
  inLookup("untyped errors", "error-behaviour", () => ({
    after: 'if ($error) throw new Error("something went wrong"); return $result;',
  })),
  inLookup("errors that are no errors", "error-behaviour", () => ({
    after: 'if ($error) return "no result"; return $result;',
  })),
  inLookup("errors that leak", "error-behaviour", (call) => ({
    after: `if ($error) throw new Error($error.message + ", unlike " + ${goldValue(call)}); return $result;`,
  })),
];

/**
 * Attacks by kind: each tries to reach the machine, to take more than it was given, to forge an outcome or to leave
 * something for the next episode. What is asserted is what the attack itself saw, and that the next call saw nothing.
 */
import { afterAll, describe, expect, it } from "vitest";
import type { ToolInvocation } from "../src/core/ports/sandbox.ts";
import { findIsolation } from "../src/sandbox/isolation.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { forgeries, javascript, python } from "./support/attacks.ts";

const limits = { memoryMb: 192, toolTimeoutMs: 1_000, wallMs: 120_000, fuel: 200_000, log: () => {} };

describe.each([
  ["with the namespaces that this machine offers", findIsolation()],
  ["without a namespace", findIsolation([])],
])("%s", (_, isolation) => {
  const sandbox = createSandbox({ ...limits, isolation });
  afterAll(() => sandbox.close());
  const said = async (...invocations: ToolInvocation[]) =>
    (await sandbox.run(invocations)).map(({ kind, text }) => [kind, text]);

  describe("an attack on what calls share", () => {
    it("by polluted prototypes is undone before the next call of the same program", async () => {
      const pollute = javascript(
        "const seen = [({}).polluted, [].evil, typeof JSON.stringify]; Object.prototype.polluted = 1; Array.prototype.evil = 1; String.prototype.trim = () => 'x'; JSON.stringify = null; Function.prototype.call = null; return seen + '|' + ' a '.trim();",
      );
      expect(await said(pollute, pollute, javascript("return ' a '.trim() + ({}).polluted;"))).toEqual([
        ["returned", ",,function|x"],
        ["returned", ",,function|x"],
        ["returned", "aundefined"],
      ]);
    });

    it("by globals, frozen built-ins and the tool's own variables leaves nothing for the next episode", async () => {
      const code =
        "let count = 0; const seen = new Map(); function tool() { seen.set('k', ++count); globalThis.mark = (globalThis.mark ?? 0) + 1; Object.freeze(Array.prototype); return [count, seen.size, globalThis.mark]; }";
      const call: ToolInvocation = { program: { name: "tool", runtime: "javascript", code }, arguments: {} };
      expect(await said(call, call, call)).toEqual(Array(3).fill(["returned", "[1,1,1]"]));
    });

    it("by a table that is changed in place is undone before the next call", async () => {
      const code = "function tool(_, table) { table.rows.push(4); return table.rows.length; }";
      const call: ToolInvocation = {
        program: { name: "tool", runtime: "javascript", code, table: { rows: [1, 2, 3] } },
        arguments: {},
      };
      expect(await said(call, call)).toEqual(Array(2).fill(["returned", "4"]));
    });

    it("by Python's modules, builtins, caches and default arguments leaves nothing", async () => {
      const dirty = python(
        "import builtins, sys, json, re, warnings, math\nsys.modules['math'] = None\nbuiltins.len = lambda x: 7\njson.loads = None\nre.purge()\nmath.pi = 3\nsys.left = 1\nreturn 'dirty'",
      );
      const kept = python(
        "def grow(x, into=[]):\n    into.append(x)\n    return into\ngrow(1)\nreturn grow(2)",
      );
      const look = python(
        "import sys, math, json\nreturn [hasattr(sys, 'left'), math.pi, len('abc'), json.dumps({})]",
      );
      const clean = '[false, 3.141592653589793, 3, "{}"]';
      expect(await said(dirty, look, kept, kept, look)).toEqual([
        ["returned", "dirty"],
        ["returned", clean],
        ["returned", "[1, 2]"],
        ["returned", "[1, 2]"],
        ["returned", clean],
      ]);
    });

    it("by closing what is open in Python, or writing where its steps are told, leaves it as it was", async () => {
      const close = python("import os\nos.close(1)");
      const replace = python("import os\nos.dup2(0, 1)");
      const closeAll = python("import os\nos.closerange(0, 9)\nwhile True: pass");
      const look = python(
        "import os, sys\nprint('x', flush=True)\nreturn [n for n in range(9) if os.path.exists('/dev/steps') or not os.isatty(n) and n < 3]",
      );
      const tell = python("import os\nfor n in range(3, 9):\n    os.write(n, b'.' * 100)\nreturn 1");
      const outcomes = await said(close, replace, closeAll, look, tell, look);
      expect(outcomes.map(([kind]) => kind)).toEqual([
        "raised",
        "raised",
        "out_of_fuel",
        "returned",
        "raised",
        "returned",
      ]);
      expect(outcomes[5]).toEqual(outcomes[3]);
    });

    it("by the order of calls changes neither outcome nor fuel of a program that is run without putting memory back", async () => {
      const calls = [
        python("import datetime\nreturn datetime.datetime.strptime('17/09/2001', '%d/%m/%Y').year"),
        python("import re\nreturn [m.lower() for m in re.findall('[A-Z]+', 'aBCdE')]"),
        python("return sorted({'b': 1, 'a': 2}.items(), key=lambda item: item[1])"),
        python("return str(tool)"),
        python("return [id(object()), hash(tool)]"),
      ];
      const alone = await Promise.all(calls.map(async (call) => (await sandbox.run([call]))[0]));
      const repeated = [...calls, ...calls.toReversed(), ...calls];
      expect(await sandbox.run(repeated)).toEqual([...alone, ...alone.toReversed(), ...alone]);
      expect(alone.map((outcome) => outcome!.kind)).toEqual(Array(5).fill("returned"));
    });
  });

  describe("an attack on the way out", () => {
    it("by text that is to be code is refused, however what evaluates it is reached", async () => {
      const ways = {
        eval: [
          "eval('1')",
          "(0, eval)('1')",
          "globalThis['ev' + 'al']('1')",
          "['1'].map(eval)",
          "new Proxy(eval, {})('1')",
        ],
        Function: [
          "Function('return 1')()",
          "new Function('return 1')",
          "({}).constructor.constructor('return 1')()",
          "tool[['const', 'ructor'].join('')].call(null, 'return 1')",
          "Reflect.construct(Function, ['return 1'], Error)",
          "new (class extends Function {})('return 1')",
          "Object.getOwnPropertyDescriptor(Function.prototype, 'constructor').value`return 1`",
        ],
        GeneratorFunction: ["(function* () {}).constructor('yield 1')().next()"],
        AsyncFunction: ["(async () => {}).constructor('return 1')()"],
        AsyncGeneratorFunction: ["(async function* () {}).constructor('yield 1')().next()"],
      };
      for (const [name, expressions] of Object.entries(ways))
        expect(await said(...expressions.map((one) => javascript(`return ${one};`)))).toEqual(
          expressions.map(() => [
            "raised",
            `'${name}' makes code from text, which no tool may; write the code out`,
          ]),
        );
    });

    it("by any function of the interpreter makes no code from text", async () => {
      const [outcome] = await said(
        javascript(`
          const text = "globalThis.evaluated = true";
          const plain = () => {};
          const functions = [plain, function* () {}, async () => {}, async function* () {}];
          const found = new Set();
          const waiting = [globalThis, ...functions, new Map().keys(), [].values(), functions[1](), functions[3]()];
          while (waiting.length > 0) {
            const value = waiting.pop();
            if (Object(value) !== value || found.has(value)) continue;
            found.add(value);
            for (const key of Reflect.ownKeys(value)) {
              const part = Object.getOwnPropertyDescriptor(value, key);
              waiting.push(part.value, part.get, part.set);
            }
            waiting.push(Object.getPrototypeOf(value));
          }
          const all = [...found].filter((one) => typeof one === "function" && one !== tool);
          for (const one of all)
            for (const use of [() => one(text), () => new one(text), () => one.call(text, text), () => one.call(plain, text)])
              try {
                const made = use();
                (typeof made === "function" ? made() : made).next();
              } catch {}
          return [all.length > 300, globalThis.evaluated];`),
      );
      expect(outcome).toEqual(["returned", "[true,null]"]);
    });

    it("by what other interpreters offer finds none of it, and still knows what a function is", async () => {
      const outcomes = await said(
        javascript(
          "return ['setTimeout', 'setInterval', 'importScripts', 'Worker', 'WebAssembly', 'ShadowRealm', 'require', 'process', 'std', 'os'].filter((one) => one in globalThis);",
        ),
        javascript("return import('data:text/javascript,export default 1');"),
        javascript(
          "return [tool instanceof Function, (async () => {}) instanceof Function, tool.constructor === Function, (function* () {}).constructor.name, Object.keys(globalThis)];",
        ),
        javascript("try { null.x } catch (e) { return e.constructor.name + typeof globalThis.process; }"),
      );
      expect(outcomes).toEqual([
        ["returned", "[]"],
        ["raised", expect.stringContaining("could not load module")],
        ["returned", '[true,true,true,"GeneratorFunction",["tool"]]'],
        ["returned", "TypeErrorundefined"],
      ]);
    });

    it("by Python's class tree, loader and frames finds no file, process or bridge of the host", async () => {
      const outcomes = await said(
        python(
          "return [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0](['true'])",
        ),
        python("import importlib\nreturn importlib.import_module('pyodide_js')"),
        python("import importlib.util\nreturn str(importlib.util.find_spec('js'))"),
        python("import sys\nsys.modules.pop('js', None)\nimport js"),
        python("import ctypes"),
        python("import socket\ns = socket.create_connection(('127.0.0.1', 22), 1)"),
        python(
          "import os\nreturn os.listdir('/work') if os.path.exists('/work') else os.path.exists('/root/.ssh')",
        ),
      );
      expect(outcomes[0]![1]).toBe("[Errno 138] emscripten does not support processes.");
      expect(outcomes.filter(([kind]) => kind === "returned")).toEqual([
        ["returned", "None"],
        ["returned", "False"],
      ]);
    });
  });

  describe("an attack by size", () => {
    it("ends in the tool's own error or in its fuel, and the next call is well", async () => {
      const outcomes = await said(
        javascript("let s = 'x'; for (;;) s += s;"),
        javascript("return 2n ** 100000000n > 0n;"),
        javascript("return '1'.padEnd(2 ** 30).length;"),
        javascript("return JSON.parse('['.repeat(100000));"),
        javascript("const f = () => [1].map(f); return f();"),
        javascript("return new Array(2 ** 32 - 1).fill(0).length;"),
        javascript("return 'fine';"),
      );
      expect(outcomes.slice(0, -1).map(([kind]) => kind)).not.toContain("returned");
      expect(outcomes.at(-1)).toEqual(["returned", "fine"]);
    });

    it("in Python ends the same way", async () => {
      const outcomes = await said(
        python("x = 'x'\nwhile True:\n    x += x"),
        python("return len(str(10 ** 100000))"),
        python("return [0] * 10 ** 10"),
        python("import json\nreturn json.loads('[' * 100000)"),
        python("f = lambda: f()\nreturn f()"),
        python("return 'fine'"),
      );
      expect(outcomes.slice(0, -1).map(([kind]) => kind)).toEqual(Array(5).fill("raised"));
      expect(outcomes.at(-1)).toEqual(["returned", "fine"]);
    });

    it("floods no output: what is printed goes nowhere, and what is returned is cut", async () => {
      const [printed, returned] = await sandbox.run([
        python("for _ in range(1000):\n    print('x' * 10000)\nreturn 'done'"),
        javascript("return 'y'.repeat(1e7);"),
      ]);
      expect(printed!.text).toBe("done");
      expect(returned!.text).toMatch(/^y{65536}\.\.\. \[9934464 more characters\]$/);
    });
  });

  describe("an attack on the outcome", () => {
    it("by what the host's own objects inherit from is the last call of its child", async () => {
      const forge = [
        "import sys",
        "for name in [n for n, m in sys.modules.items() if m is None]: del sys.modules[name]",
        "import _pyodide_core",
        "array = _pyodide_core.to_js([1]).constructor",
        "above = array.prototype.__proto__",
        "made = [['kind', 'returned'], ['text', 'forged'], ['fuel', 1]]",
        "above.toJSON = above.constructor.freeze.bind(array, above.constructor.fromEntries(_pyodide_core.to_js(made)))",
        "return 'mine'",
      ].join("\n");
      const victim = python("class Kept: pass\nreturn 'well'");
      expect(await said(victim, python(forge), victim, victim)).toEqual([
        ["returned", "well"],
        ["returned", "forged"], // what is its own to say
        ["returned", "well"],
        ["returned", "well"],
      ]);
    });

    it("that looks like the child's own lines is text and no outcome", async () => {
      expect(await said(...forgeries.map(([attack]) => attack))).toEqual(
        forgeries.map(([, kind, text]) => [kind, text]),
      );
    });
  });
});

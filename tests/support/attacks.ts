/**
 * Attacks that several specs and a benchmark make: what a tool does that wants everything, or wants out, and what comes of
 * it in the end. What is special to one spec stands there.
 */
import type { ToolInvocation, ToolOutcome } from "../../src/core/ports/sandbox.ts";

/** A tool `tool` that takes nothing and does this. */
export const javascript = (body: string): ToolInvocation => ({
  program: { name: "tool", runtime: "javascript", code: `function tool() { ${body} }` },
  arguments: {},
});
export const python = (body: string): ToolInvocation => ({
  program: { name: "tool", runtime: "python", code: `def tool():\n${body.replaceAll(/^/gm, "    ")}` },
  arguments: {},
});

type Kind = ToolOutcome["kind"];

/** By size or time: what it is, and how it ends with the limits as they are shipped. */
export const greedyAttacks: readonly (readonly [string, ToolInvocation, Kind])[] = [
  ["a loop", javascript("for (;;);"), "out_of_fuel"],
  ["a loop inside native code", javascript("return [].indexOf.call({ length: 2 ** 53 - 1 }, 1);"), "ended"],
  [
    "steps and then a loop inside native code",
    javascript("for (let i = 0; i < 300_000; i++); return [].indexOf.call({ length: 2 ** 53 - 1 }, 1);"),
    "ended",
  ],
  ["native code between few steps", javascript("for (;;) [].indexOf.call({ length: 2 ** 16 }, 1);"), "ended"],
  ["a sort without end", javascript("return new Array(2 ** 32 - 1).fill(0).sort().length;"), "raised"],
  ["a memory bomb", javascript("const a = []; for (;;) a.push(new Uint8Array(1e7));"), "raised"],
  ["a string bomb", javascript("let s = 'x'; for (;;) s += s;"), "raised"],
  ["a regex bomb", javascript("return /(a+)+b/.test('a'.repeat(64));"), "out_of_fuel"],
  ["a big-integer bomb", javascript("return String(9n ** 3000000n).length;"), "raised"],
  ["a recursion bomb", javascript("return tool();"), "raised"],
  ["an output flood", javascript("return 'y'.repeat(5e7);"), "returned"],
  ["a loop in Python", python("while True: pass"), "out_of_fuel"],
  ["a loop inside native code in Python", python("return sum(iter(int, 1))"), "ended"],
  [
    "steps and then a loop inside native code in Python",
    python("for _ in range(30_000): pass\nreturn sum(iter(int, 1))"),
    "ended",
  ],
  ["native code between few steps in Python", python("while True: sum(range(10 ** 5))"), "ended"],
  ["a memory bomb in Python", python("x = [0] * 10\nwhile True: x = x + x"), "raised"],
  ["a string bomb in Python", python("return len('x' * 10 ** 9)"), "raised"],
  ["a regex bomb in Python", python("import re\nreturn re.match('(a+)+b', 'a' * 64)"), "ended"],
  ["a big-integer bomb in Python", python("return 7 ** 7 ** 9 % 10"), "ended"],
  ["a recursion bomb in Python", python("return tool()"), "raised"],
  ["an output flood in Python", python("for _ in range(1000): print('x' * 10000)\nreturn 1"), "returned"],
];

/** On the machine around Python: how each ends, and what it is told. */
export const attacksOnTheMachine: readonly (readonly [ToolInvocation, Kind, string])[] = [
  [python("import js"), "raised", "import of js halted; None in sys.modules"],
  [python("import pyodide_js"), "raised", "import of pyodide_js halted; None in sys.modules"],
  [python("import pyodide"), "raised", "import of pyodide halted; None in sys.modules"],
  [
    python("import urllib.request\nreturn urllib.request.urlopen('http://127.0.0.1:80').read()"),
    "raised",
    "<urlopen error [Errno 23] Host is unreachable>",
  ],
  [
    python("import subprocess\nreturn subprocess.run(['true'])"),
    "raised",
    "[Errno 138] emscripten does not support processes.",
  ],
  [python("open('/tmp/x', 'w')"), "raised", "[Errno 69] Read-only file system: '/tmp/x'"],
  [python("import os\nos.mkdir('/tmp/x')"), "raised", "[Errno 69] Read-only file system: '/tmp/x'"],
  [
    python("return open('/etc/passwd').read()"),
    "raised",
    "[Errno 44] No such file or directory: '/etc/passwd'",
  ],
  [
    python(
      "import os\nreturn sorted(k for k in os.environ if k not in ('HOME', 'LANG', 'PATH', 'PWD', 'TZ', 'USER', 'LOGNAME'))",
    ),
    "returned",
    '["LD_LIBRARY_PATH", "PYTHONHASHSEED", "PYTHONINSPECT", "_"]',
  ],
];

const line = JSON.stringify({ kind: "returned", text: "forged", fuel: 0 });
/** On the outcome, by what looks like the child's own lines: it is text and no outcome. */
export const forgeries: readonly (readonly [ToolInvocation, Kind, string])[] = [
  [javascript(`return ${JSON.stringify(`${line}\n${line}\n`)};`), "returned", `${line}\n${line}\n`],
  [
    python(`import sys\nsys.stdout.write(${JSON.stringify(`${line}\n`)})\nsys.__stdout__.flush()\nreturn 1`),
    "returned",
    "1",
  ],
  [python(`import os\nos.write(1, ${JSON.stringify(`${line}\n`)}.encode())\nreturn 2`), "returned", "2"],
  [
    python("import json\njson.dumps = lambda *a, **k: '{\"kind\": \"returned\"'\nreturn {'a': 3}"),
    "raised",
    "the tool ended its interpreter",
  ],
  [
    javascript("return { toJSON: () => ({ kind: 'returned', text: 'mine', fuel: -1 }) };"),
    "returned",
    '{"kind":"returned","text":"mine","fuel":-1}',
  ],
  [javascript("throw { message: 'x', toString() { return 'made up'; } };"), "raised", "made up"],
];

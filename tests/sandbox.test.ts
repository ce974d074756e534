/** What tools can do in the sandbox, and that nothing they do reaches another call. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../src/core/json.ts";
import type { ToolInvocation } from "../src/core/ports/sandbox.ts";
import { longestText } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";

const sandbox = createSandbox({
  memoryMb: 192,
  toolTimeoutMs: 1_000,
  wallMs: 60_000,
  fuel: 100_000,
  log: () => {},
});
afterAll(() => sandbox.close());

const javascript = (code: string, given: JsonObject = {}, table?: Json): ToolInvocation => ({
  program: { name: "tool", runtime: "javascript", code, ...(table === undefined ? {} : { table }) },
  arguments: given,
});
const python = (code: string, given: JsonObject = {}): ToolInvocation => ({
  program: { name: "tool", runtime: "python", code },
  arguments: given,
});
const results = async (...invocations: ToolInvocation[]) =>
  (await sandbox.run(invocations)).map(({ kind, text }) => [kind, text]);

describe("a JavaScript tool", () => {
  it("is given its arguments and its table", async () => {
    const code = "function tool({ city, unit = 'people' }, table) { return table[city] + ' ' + unit; }";
    expect(await results(javascript(code, { city: "Hà Nội" }, { "Hà Nội": 8_435_700 }))).toEqual([
      ["returned", "8435700 people"],
    ]);
  });

  it("shows a string as it is and anything else as JSON", async () => {
    expect(
      await results(
        javascript("function tool() { return 'Zürich 🏔'; }"),
        javascript("function tool() { return { a: [1, 'ü'], b: undefined }; }"),
        javascript("const tool = () => 0.1 + 0.2;"),
        javascript("function tool() {}"),
        javascript("async function tool() { return await 5; }"),
      ),
    ).toEqual([
      ["returned", "Zürich 🏔"],
      ["returned", '{"a":[1,"ü"]}'],
      ["returned", "0.30000000000000004"],
      ["returned", "null"],
      ["returned", "5"],
    ]);
  });

  it("raises with its own message", async () => {
    expect(
      await results(
        javascript("function tool() { throw new Error('no such city'); }"),
        javascript("function tool() { throw 'bare'; }"),
        javascript("async function tool() { throw new TypeError('late'); }"),
        javascript("function other() {}"),
        javascript("function tool( {"),
        javascript("function tool() { return new Promise(() => {}); }"),
      ),
    ).toEqual([
      ["raised", "no such city"],
      ["raised", "bare"],
      ["raised", "late"],
      ["raised", "'tool' is not defined"],
      ["raised", "invalid property name"],
      ["raised", "the tool returned a promise that never settles"],
    ]);
  });

  it("raises where its result is nothing JSON can hold", async () => {
    expect(
      await results(
        javascript("function tool() { const a = {}; a.a = a; return a; }"),
        javascript("function tool() { return 10n; }"),
        javascript("function tool() { return tool; }"),
      ),
    ).toEqual([
      ["raised", "circular reference"],
      ["raised", "Do not know how to serialize a BigInt"],
      ["raised", "the tool returned a function, which JSON cannot hold"],
    ]);
  });
});

describe("a tool of either language", () => {
  it("says every character, but half a surrogate pair, which is none", async () => {
    const text = `"a\\u0000b\\ud800c\\u0000"`;
    const whole = "a\0b\ufffdc\0";
    expect(
      await results(
        javascript(`function tool() { return ${text}; }`),
        javascript(`async function tool() { return ${text}; }`),
        javascript(`function tool() { throw new Error(${text}); }`),
        python(`def tool():\n    return ${text}`),
        python(`def tool():\n    raise ValueError(${text})`),
      ),
    ).toEqual([
      ["returned", whole],
      ["returned", whole],
      ["raised", whole],
      ["returned", whole],
      ["raised", whole],
    ]);
  });
});

describe("a Python tool", () => {
  it("runs with its helpers and imports in one namespace", async () => {
    const code =
      "import math\ndef half(x):\n    return x / 2\ndef tool(a, b=1):\n    return math.floor(half(a)) + b";
    expect(await results(python(code, { a: 9 }))).toEqual([["returned", "5"]]);
  });

  it("shows lists and dictionaries as JSON and the rest as str() does", async () => {
    expect(
      await results(
        python("def tool():\n    return {'a': [1.0, 'ü'], 'b': None}"),
        python("def tool():\n    return 1 / 3"),
        python("def tool():\n    return None"),
        python("def tool():\n    return (1, True)"),
        python("def tool():\n    return {1}"),
      ),
    ).toEqual([
      ["returned", '{"a": [1.0, "ü"], "b": null}'],
      ["returned", "0.3333333333333333"],
      ["returned", "None"],
      ["returned", "(1, True)"],
      ["returned", "{1}"],
    ]);
  });

  it("raises with str() of its exception", async () => {
    expect(
      await results(
        python("def tool(a):\n    return a"),
        python("def tool():\n    return {}['x']"),
        python("def tool():\n    return {'a': {1}}"),
        python("def tool():\n    raise SystemExit"),
        python("def tool():\n    assert False"),
        python("def other():\n    pass"),
        python("def tool(:"),
        python("async def tool():\n    return 1"),
      ),
    ).toEqual([
      ["raised", "tool() missing 1 required positional argument: 'a'"],
      ["raised", "'x'"],
      ["raised", "Object of type set is not JSON serializable"],
      ["raised", "SystemExit"],
      ["raised", ""],
      ["raised", "name 'tool' is not defined"],
      ["raised", "invalid syntax (<tool>, line 1)"],
      ["raised", "'tool' is a coroutine function; a tool is a plain function"],
    ]);
  });

  it("sees its arguments as they were written", async () => {
    const [written, parsed] = await sandbox.run([
      { ...python("def tool(a, b):\n    return [a, b]"), argumentsText: '{"a": 1.0, "b": 9007199254740993}' },
      python("def tool(a, b):\n    return [a, b]", { a: 1.0, b: 2 }),
    ]);
    expect([written!.text, parsed!.text]).toEqual(["[1.0, 9007199254740993]", "[1, 2]"]);
  });

  it("agrees with CPython on FTRL's own tools", async () => {
    const rows = readFileSync(new URL("fixtures/ftrl_tool_calls.jsonl", import.meta.url), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const outcomes = await sandbox.run(
      rows.map((row) => ({
        program: { name: row.name, runtime: "python", code: row.code },
        arguments: JSON.parse(row.arguments),
        argumentsText: row.arguments,
      })),
    );
    expect(outcomes.map(({ kind, text }) => ({ kind, text }))).toEqual(rows.map(({ expected }) => expected));
  });

  it("has its table before its arguments, and can change nothing of it", async () => {
    const rows = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`r${i}`, { n: i, tags: ["a"] }]));
    const other = { rows: { r1: { n: "other" } } };
    const call = (body: string, table: Json = { rows }): ToolInvocation => {
      const { program, ...rest } = python(`def tool(table, /, **given):\n    ${body}`, { table: 1 });
      return { ...rest, program: { ...program, table } };
    };
    const bodies = [
      "return [table['rows']['r7']['n'], table['rows'].get('none', 'no'), len(table['rows']), given]",
      "table['rows']['r1'] = 0",
      "dict.update(table['rows'], r1=0)",
      "table['rows']['r1']['tags'].append('b')",
      "import gc\n    return gc",
      "import sys\n    sys._getframe(3).f_globals['_tables'].clear()\n    return 'cleared'",
      "return [list(table['rows']['r1']['tags']), sorted(table['rows'])[:2]]",
    ];
    const mixed = [...bodies.map((body) => call(body)), call("return table['rows']['r1']['n']", other)];
    const told = [
      '[7, "no", 100, {"table": 1}]',
      "'mappingproxy' object does not support item assignment",
      "descriptor 'update' for 'dict' objects doesn't apply to a 'mappingproxy' object",
      "'tuple' object has no attribute 'append'",
      "import of gc halted; None in sys.modules",
      "cleared",
      '[["a"], ["r0", "r1"]]',
      "other",
    ];
    expect((await sandbox.run(mixed)).map(({ text }) => text)).toEqual(told);
    expect((await sandbox.run(mixed.toReversed())).map(({ text }) => text)).toEqual(told.toReversed());
  });
});

describe("every call", () => {
  it("gives its outcome in the order asked, whatever the language", async () => {
    const invocations = Array.from({ length: 8 }, (_, i) =>
      i % 3 === 0
        ? python("def tool(i):\n    return i", { i })
        : javascript("function tool({ i }) { return i; }", { i }),
    );
    expect((await sandbox.run(invocations)).map(({ text }) => text)).toEqual([..."01234567"]);
    expect(await sandbox.run([])).toEqual([]);
  });

  it("finds the interpreter as no other call had left it", async () => {
    const dirtyJs = javascript(
      "function tool() { globalThis.left = 1; Object.prototype.left = 1; Array.prototype.map = null; return typeof left; }",
    );
    const dirtyPy = python(
      "import builtins, json, random\ndef tool():\n    builtins.len = lambda x: 7\n    json.dumps = None\n    random.seed(9)\n    return 'ok'",
    );
    const cleanJs = javascript(
      "function tool() { return [typeof left, ({}).left ?? 'none', [1].map(String)]; }",
    );
    const cleanPy = python(
      "import random\ndef tool():\n    return [len([]), random.random(), id(object()), str(object())]",
    );
    const [js1, py1, , , js2, py2] = await sandbox.run([
      cleanJs,
      cleanPy,
      dirtyJs,
      dirtyPy,
      cleanJs,
      cleanPy,
    ]);
    expect(js1!.text).toBe('["undefined","none",["1"]]');
    expect([js2, py2]).toEqual([js1, py1]);
    expect(py1!.text).toMatch(/^\[0, /);
  });

  it("sees one fixed clock and the same randomness", async () => {
    const js = javascript("function tool() { return [new Date().toString(), Date.now(), Math.random()]; }");
    const py = python(
      "import datetime, random, time, uuid\ndef tool():\n    time.sleep(5)\n    return [str(datetime.datetime.now()), time.time(), random.random(), str(uuid.uuid4()), hash('a')]",
    );
    const first = await sandbox.run([js, py]);
    expect(first[0]!.text).toMatch(/^\["Wed Jan 01 2025 00:00:00 GMT\+0000",1735689600000,0\.\d+\]$/);
    expect(first[1]!.text).toMatch(/^\["2025-01-01 00:00:00", 1735689600.0, 0\.\d+, /);
    expect(await sandbox.run([js, py])).toEqual(first);
  });

  it("uses the same fuel each time, and is stopped by it at the same step", async () => {
    const count = "function tool({ n }) { let s = 0; for (let i = 0; i < n; i++) s += i; return s; }";
    const sum = "def tool(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s";
    const calls = [
      javascript(count, { n: 10_000 }),
      python(sum, { n: 1000 }),
      javascript(count, { n: 500_000 }),
      python(sum, { n: 500_000 }),
    ];
    const outcomes = await sandbox.run(calls);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["returned", "returned", "out_of_fuel", "out_of_fuel"]);
    expect(outcomes[2]).toEqual({
      kind: "out_of_fuel",
      text: "tool 'tool' did not finish within 100000 steps",
      fuel: 100_000,
    });
    expect(await sandbox.run(calls.toReversed())).toEqual(outcomes.toReversed());
  });

  it("has its text cut at a fixed length, which is told", async () => {
    const [js, py] = await sandbox.run([
      javascript("function tool() { return 'é'.repeat(70000); }"),
      python("def tool():\n    return 'é' * 70000"),
    ]);
    expect(js!.text).toBe(`${"é".repeat(longestText)}... [4464 more characters]`);
    expect(py!.text).toBe(js!.text);
  });
});

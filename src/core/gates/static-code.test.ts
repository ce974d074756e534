import { describe, expect, it } from "vitest";
import { judge } from "../../../tests/support/judge.ts";
import { caseOf, chainCandidate, sumCandidate, withTool } from "../../../tests/support/small-world.ts";
import { staticCodeGate } from "./static-code.ts";

const sound = caseOf(chainCandidate);
const withLine = (line: string) =>
  judge(
    staticCodeGate,
    withTool(sound, "get_money", ({ code }) => ({ code: code.replace("{\n", `{\n  ${line}\n`) })),
  );

describe("the static code gate", () => {
  it("passes generated code, complex code too", async () => {
    expect((await judge(staticCodeGate, sound)).verdict).toBe("pass");
    const levels = { ...sumCandidate.levels, parameters: 12, generalization: 2, parameterTypes: 2 as const };
    expect((await judge(staticCodeGate, caseOf({ ...sumCandidate, levels }))).verdict).toBe("pass");
  });

  it.each([
    ["const now = Date.now();", "reads 'Date.now'"],
    ["const { now } = Date;", "uses 'Date' other than for a member by its name"],
    ["const now = new Date().getTime();", "uses 'Date' other than for a member by its name"],
    ["const now = new Date(...[]).getTime();", "uses 'Date' other than for a member by its name"],
    ["const now = Date(country);", "uses 'Date' other than for a member by its name"],
    ["const day = new Date(country);", "uses 'Date' other than for a member by its name"],
    ["const day = new Date(0).concat();", "uses 'Date' other than for a member by its name"],
    ["const day = new Date(0)[country]();", "uses 'Date' other than for a member by its name"],
    ["const Day = Date; const now = new Day();", "uses 'Date' other than for a member by its name"],
    ["const now = new (new Date(0).constructor)();", "reads '.constructor'"],
    ["const luck = Math.random();", "reads '.random'"],
    ["const home = process.env.HOME;", "names 'process'"],
    ["const all = globalThis;", "names 'globalThis'"],
    ["const fs = require('node:fs');", "names 'require'"],
    ["const two = eval('1 + 1');", "names 'eval'"],
    ["const made = new Function('return 1');", "names 'Function'"],
    ["const made = [].constructor;", "reads '.constructor'"],
    ["const made = []['constructor'];", "reads '.constructor'"],
    ["const self = this;", "uses 'this' outside a class"],
    ["class A { [this] = 1; }", "uses 'this' outside a class"],
    ["class A extends this.B {}", "uses 'this' outside a class"],
    ["const f = function () { return this; }; class A { m() {} }", "uses 'this' outside a class"],
    ["class A { m() { return new this.constructor(); } }", "reads '.constructor'"],
    ["class Later extends Date {}", "uses 'Date' other than for a member by its name"],
    ["const f = class Inner {}; return Inner;", "names 'Inner'"],
    ["class A { static { var within = 1; } } return within;", "names 'within'"],
    ["get_money.known ??= {};", "uses 'get_money' other than to call it"],
    ["const kept = get_money;", "uses 'get_money' other than to call it"],
    ["Array.known = {};", "changes 'Array'"],
    ["JSON.count++;", "changes 'JSON'"],
    ["[country].sort((a, b) => a.localeCompare(b));", "reads '.localeCompare'"],
    ["const grouped = (1234).toLocaleString();", "reads '.toLocaleString'"],
    ["const later = import('x');", "uses ImportExpression"],
    ["fetch('http://example.org');", "names 'fetch'"],
    ["const g = (Date) => 1; return Date.now();", "reads 'Date.now'"],
    ["const g = (eval) => 1; return eval('1');", "names 'eval'"],
    ["const g = (Math) => 1; return Math[country]();", "uses 'Math' other than for a member by its name"],
    ["{ const within = 1; } return within;", "names 'within'"],
    ["{ function within() {} } return within;", "names 'within'"],
    ["(function within() {})(); return within;", "names 'within'"],
    ["for (const within of [1]); return within;", "names 'within'"],
    ["for (const within of within) return 1;", "names 'within'"],
    ["switch (within) { default: let within; }", "names 'within'"],
    ["try { JSON.parse(country); } catch (within) {} return within;", "names 'within'"],
    ["const g = (one = within) => { var within = one; return within; }; g();", "names 'within'"],
    ["const g = () => { var within; }; return within;", "names 'within'"],
    ["delete isNaN; return isNaN;", "deletes 'isNaN'"],
    ["delete Math.abs; return Math.abs;", "deletes 'Math'"],
    ["let k = 'E'; return k + 'UR';", "holds the answer 'EUR'"],
    ["var k; k = 'E'; return k + 'UR';", "holds the answer 'EUR'"],
    ["const k = 'E'; { const k = 1; } return k + 'UR';", "holds the answer 'EUR'"],
    ["[].filter['const' + 'ructor']('return 1')();", "reads '.constructor'"],
    ["const luck = Math[`random`]();", "reads '.random'"],
    ["const { 'random': r } = Math;", "reads '.random'"],
    ["const { ['random']: r } = Math;", "reads '.random'"],
    ["const k = 'random'; Math[k]();", "reads '.random'"],
    ["let k = 'a'; k = 'random'; Math[k]();", "uses 'Math' other than for a member by its name"],
    ["const k = 'constructor'; const g = ({ k }) => k; Object[k];", "reads '.constructor'"],
    ["const all = [Math];", "uses 'Math' other than for a member by its name"],
    ["const lines = new Error().stack;", "reads '.stack'"],
    ["const hidden = Object.getOwnPropertyDescriptors(() => 1);", "reads '.getOwnPropertyDescriptors'"],
    ["Object.defineProperty(table, 'x', {});", "reads 'Object.defineProperty'"],
    ["if (country === 'x') return 'E' + `UR`;", "holds the answer 'EUR'"],
    [`[][${[..."constructor"].map((one) => `'${one}'`).join(" + ")}];`, "reads '.constructor'"],
    [
      `const k0 = 'constructor'; ${Array.from({ length: 30 }, (_, i) => `const k${i + 1} = k${i};`).join(" ")} [][k30];`,
      "reads '.constructor'",
    ],
  ])("refuses %s", async (line, evidence) => {
    expect((await withLine(line)).evidence).toContain(evidence);
  });

  // Nothing there makes code from text; tests/sandbox-attacks.test.ts.
  it.each([
    "const k = ['constr', 'uctor'].join(''); [].filter[k]('return 1')();",
    "const get = (one, key) => one[key]; get(get, country)('return 1')();",
    "['return 1'].map(table.rows[country][country]);",
  ])("leaves to the sandbox what only running the code would tell: %s", async (line) => {
    expect(await withLine(line)).toMatchObject({ verdict: "pass" });
  });

  it.each([
    "const ops = { add: (a, b) => a + b }; const sum = ops[country]?.(1, 2);",
    "const ops = { low: (one) => one.trim() }; if (!Object.hasOwn(ops, country)) throw new Error('x'); const text = ops[country](table.rows[country][country]);",
    "const days = (Date.parse(country) - Date.UTC(2000, 0, 1)) / 86400000;",
    "const days = (new Date(country) - new Date(2000, 0, 1)) / 86400000; const late = new Date(country) > 0;",
    "const text = new Date(Date.parse(country) + 7 * 86400000).toISOString().slice(0, 10);",
    "const { round, max } = Math; const two = [1.6].map((one) => round(one)).map(Number);",
    "const first = Object.values(table.rows)[0]; const last = first[country];",
    "const self = function again(n) { return n > 0 ? again(n - 1) : n; };",
    "const said = String(table.rows[country][country]).trim();",
    "const found = table.rows[country]; const text = ['currency'].map((one) => found[one]).filter(Boolean).join(', ');",
    "const all = []; all.push(table.rows[country][country]); const text = all.map((one) => one.trim()).join();",
    "const all = {}; for (const one of Object.keys(table)) all[one] = table.rows[country][one]; const text = JSON.stringify(all) + country.trim() + Object.values(all).map(String).join();",
    "const counts = {}; for (const row of Object.values(table.rows)) counts[row.currency] = (counts[row.currency] || 0) + 1; const most = Object.entries(counts).sort((a, b) => b[1] - a[1]).map(([name]) => name)[0];",
    "const grid = [[1, 2]]; let sum = 0; for (let i = 0; i < 1; i++) for (let j = 0; j < 2; j++) sum += Math.max(grid[i][j], 0);",
    "function inner(text) { return text.trim(); } const text = inner(country);",
    "const { max } = Math; const most = max(table.rows[country][country], 1);",
    "const process = (escape) => escape.trim(); const text = process(country);",
    "if (country) { var late = 1; } return early + late; var early;",
    "outer: for (const one of [1, 2]) for (const other of [one]) if (other) continue outer;",
    "try { JSON.parse(country); } catch ({ message }) { { return inner(message); } } function inner(text) { return text; }",
    "const again = function self({ text: [first, ...rest] = [] } = {}) { return rest.length > 0 ? self({ text: rest }) : first; };",
    "let k = 'E'; k = 'x'; return k + 'UR';",
    "let k = 'E'; k += 'x'; return k + 'UR';",
    "for (let k of ['x']) { k = 'E'; return k + 'UR'; }",
    "const all = { Math: 1, isNaN: 2 }; delete all.Math; delete all[country];",
    "class Refused extends Error { constructor(kind, text) { super(kind + ': ' + text); } } try { throw new Refused('x', 'y'); } catch (error) { if (!(error instanceof Refused)) throw error; }",
    "class Rows { #rows; static none = null; static { this.first = 0; } constructor(rows) { this.#rows = rows; this.keys = Object.keys(rows); } get size() { return this.keys.length; } process(key) { return [1].map(() => this.#rows[key] ?? Rows.none)[Rows.first]; } } const found = new Rows(table.rows).process(country);",
    "const Inner = class Own { again() { return new Own(); } }; new Inner().again();",
    "const own = {}; own.known = 1; own.known += 1; const again = () => (country === '' ? get_money({ country: 'x' }, table) : 1);",
  ])("leaves alone what only computes: %s", async (line) => {
    expect(await withLine(line)).toMatchObject({ verdict: "pass" });
  });

  it("refuses what it cannot read to the end, and ends itself", async () => {
    const deep = await withLine(`const text = ${"(".repeat(20_000)}country${")".repeat(20_000)};`);
    expect(deep.evidence).toContain("get_money: syntax error: Not enough stack space to parse input");
    const long = await withLine(`const text = country${".trim()".repeat(20_000)};`);
    expect(long).toMatchObject({ verdict: "pass" });
    const sum = Array.from({ length: 300 }, (_, i) => `"${i}"`).join(" + ");
    expect(await withLine(`const text = ${sum};`)).toMatchObject({ verdict: "pass" });
  });

  it("refuses an answer that stands in the code, alone or in a sentence", async () => {
    expect((await withLine('if (country === "France") return "EUR";')).evidence).toContain(
      "holds the answer 'EUR'",
    );
    expect((await withLine("const hint = `Pay in eur there`;")).evidence).toContain("holds the answer 'EUR'");
  });
});

const python = caseOf({ ...chainCandidate, runtime: "python" });
const withPythonLine = (line: string) =>
  judge(
    staticCodeGate,
    withTool(python, "get_money", ({ code }) => ({
      code: code.replace("    def _fail", `    ${line}\n    def _fail`),
    })),
  );

describe("the static code gate, on Python", () => {
  it("passes generated code, complex code too, and what pure code needs", async () => {
    expect((await judge(staticCodeGate, python)).verdict).toBe("pass");
    const levels = { ...sumCandidate.levels, parameters: 12, generalization: 2, parameterTypes: 2 as const };
    const complex = caseOf({ ...sumCandidate, runtime: "python", levels });
    expect((await judge(staticCodeGate, complex)).verdict).toBe("pass");
    const lines = [
      "import datetime\n    _x = datetime.datetime.strptime('2024-01-02', '%Y-%m-%d').date()",
      "from datetime import date, timedelta",
      "_x = f'{country!r:>10}'.upper() if country else None",
      "_x = '{} of {:.2f}'.format(1, 2)",
      "_x = sorted({'b': 1}.items(), key=lambda _one: _one[1])",
      "import re\n    match = re.match('a', country)\n    _x = match.group() if match else None",
      "from typing import Any, Dict\n    _x: Dict[str, Any] = {}",
      "from collections import Counter\n    _x = Counter(country).most_common(1)",
      "for id, type in {'a': 1}.items():\n        _x = id if type else None",
      "id = 7\n    _x = (lambda: id)()",
      "class Refused(ValueError):\n        'An error.'\n        pass\n    _x = str(Refused('x'))",
      "class Refused(Exception): ...",
      "_n = 0\n    def _count():\n        nonlocal _n\n        _n += 1\n        yield _n\n    _x = list(_count())",
      "_x = dict(count=1)\n    _x['count'] = 2",
    ];
    expect(await Promise.all(lines.map((line) => withPythonLine(line)))).toMatchObject(
      lines.map(() => ({ verdict: "pass" })),
    );
  });

  it.each([
    ["import os", "imports 'os'"],
    ["import json as j", "imports 'json as j'"],
    ["from json import codecs", "imports 'codecs' of 'json'"],
    ["from math import *", "imports '*' of 'math'"],
    ["from . import x", "imports in a way that this gate cannot read"],
    ["if country: import re", "imports in a way that this gate cannot read"],
    ["_x = json.codecs.open('x')", "reads '.codecs'"],
    ["import json\n    _x = json.codecs", "reads 'json.codecs'"],
    ["import json\n    _x = [json]", "uses 'json' other than for a member by its name"],
    ["import datetime\n    _x = datetime.datetime.now()", "reads '.now'"],
    ["from datetime import datetime\n    _x = datetime.today()", "reads '.today'"],
    ["_x = ().__class__", "reads '.__class__'"],
    ["_x = f'{().__class__}'", "reads '.__class__'"],
    ["_x = '{0.__class__}'.format(1)", "reads '.format'"],
    ["_x = '{0' '.__class__}'.format(1)", "reads '.format'"],
    ["_x = '{0.__class__}' ''.format(1)", "reads '.format'"],
    ["_x = f'{country}' '{0.__class__}' ''.format(1)", "reads '.format'"],
    ["# a comment\r    _x = eval('1')", "names 'eval'"],
    ["from constructor import x", "imports 'constructor'"],
    ["_x = country.format(1)", "reads '.format'"],
    ["_x = '{0[__class__]}'.format(1)", "reads '.format'"],
    ["_x = '{:{0.real}}'.format(1)", "reads '.format'"],
    ["_x = __import__('os')", "names '__import__'"],
    ["_x = eval('1')", "names 'eval'"],
    ["_x = getattr(1, 'real')", "names 'getattr'"],
    ["_x = (_y for _y in []).gi_frame", "reads '.gi_frame'"],
    ["class X: pass", "uses 'class'"],
    ["class X(object): pass", "names 'object'"],
    ["class X(dict): y = 1", "uses 'class'"],
    ["class X(dict):\n        pass\n        y = 1", "uses 'class'"],
    ["get_money.count = 1", "sets '.count'"],
    ["import math\n    math.pi += 1", "sets 'math.pi'"],
    ["global country", "uses 'global'"],
    ["match country:", "uses 'match'"],
    ["match (country):", "uses 'match'"],
    ["def _f():\n        id = 7\n    _x = id(1)", "names 'id'"],
    ["_x = [id for id in 'a'] + [id(1)]", "names 'id'"],
    ["_x = dict(id=7) or id(1)", "names 'id'"],
    ["import typing\n    _x = typing.get_type_hints(1)", "reads 'typing.get_type_hints'"],
    ["_x = 1 @ 2", "uses '@'"],
    ["_x = 'EUR'", "holds the answer 'EUR' as a literal"],
    [
      `_x0 = 'E'; ${Array.from({ length: 30 }, (_, i) => `_x${i + 1} = _x${i}`).join("\n    ")}\n    _x = _x30 + 'UR'`,
      "holds the answer 'EUR' as a literal",
    ],
    ["_x = 'E' + 'U' 'R'", "holds the answer 'EUR' as a literal"],
    ["_x = '\\x45UR'", "holds the answer 'EUR' as a literal"],
  ])("refuses %s", async (line, fault) => {
    const { verdict, evidence } = await withPythonLine(line);
    expect([verdict, evidence]).toEqual(["fail", expect.stringContaining(`get_money: ${fault}`)]);
  });

  it("refuses what it cannot read to the end, and ends itself", async () => {
    const deep = await withPythonLine(`_x = ${'f"{'.repeat(20_000)}1${'}"'.repeat(20_000)}`);
    expect(deep.evidence).toContain("get_money: is nested too deeply to be read");
  });

  it("lets a parameter have a built-in's name, but not where the function is made", async () => {
    const withParameter = (written: string) =>
      judge(
        staticCodeGate,
        withTool(python, "get_money", ({ code }) => ({
          code: code.replace("country=...", `country=..., ${written}`),
        })),
      );
    expect(await withParameter("input=1, *, id=2")).toMatchObject({ verdict: "pass" });
    for (const written of ["eval=eval('1')", "eval=..., like=eval('1')", "eval: eval('1') = 1"])
      expect((await withParameter(written)).evidence).toContain("names 'eval'");
  });
});

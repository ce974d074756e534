/** A tool's table is read row by row where that suffices; no tool can tell, and no call sees what another did to it. */
import { afterAll, describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../src/core/json.ts";
import type { ToolInvocation } from "../src/core/ports/sandbox.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";

const sandbox = createSandbox({
  memoryMb: 192,
  toolTimeoutMs: 1_000,
  wallMs: 120_000,
  fuel: 200_000,
  log: () => {},
});
afterAll(() => sandbox.close());

const rows = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`r${i}`, { n: i, tags: ["a", "ü"] }]));
const table: JsonObject = { before: [1], aliases: { one: "r1" }, rows, after: null };

const call = (body: string, given: Json = table): ToolInvocation => ({
  program: { name: "tool", runtime: "javascript", code: `function tool(_, table) { ${body} }`, table: given },
  arguments: {},
});
const said = async (...invocations: ToolInvocation[]) =>
  (await sandbox.run(invocations)).map(({ text }) => text);

describe("a large table", () => {
  it("gives the rows that are asked for, each the same object every time", async () => {
    expect(
      await said(
        call("return table.rows[table.aliases.one].n + table.rows.r99.tags[1];"),
        call("table.rows.r1.n = 5; return [table.rows.r1 === table.rows['r1'], table.rows.r1];"),
        call("return [table.rows.nobody ?? 'none', Object.hasOwn(table.rows, 'r2'), 'r3' in table.rows];"),
        call("return [typeof table.rows.constructor, typeof table.rows.__proto__, String(table.rows)];"),
        call("return table.rows.r1.n;"),
      ),
    ).toEqual([
      "1ü",
      '[true,{"n":5,"tags":["a","ü"]}]',
      '["none",true,true]',
      '["function","object","[object Object]"]',
      "1",
    ]);
  });

  it("is whole for a tool that lists, writes, tests or loops, in its own order", async () => {
    expect(
      await said(
        call("return [Object.keys(table), Object.keys(table.rows).length, Object.keys(table.rows)[99]];"),
        call("return JSON.stringify(table.rows).length;"),
        call("let n = 0; for (const key in table.rows) n += table.rows[key].n; return n;"),
        call("let n = 0; for (let i = 0; i < 100; i++) n += table.rows['r' + i].n; return n;"),
        call(
          "delete table.rows.r1; table.rows.new = 1; return Object.values(table.rows).length + '' + table.rows.r1;",
        ),
        call(
          "return [Object.getPrototypeOf(table.rows) === Object.prototype, Object.isFrozen(table.rows), table.rows instanceof Object];",
        ),
        call("try { return Object.entries(table.rows).length; } catch { return 'caught'; }"),
        call("const { r0, ...others } = table.rows; return [r0.n, Object.keys(others).length];"),
      ),
    ).toEqual([
      '[["before","aliases","rows","after"],100,"r99"]',
      "3181",
      "4950",
      "4950",
      "100undefined",
      "[true,false,true]",
      "100",
      "[0,99]",
    ]);
  });

  it("may itself be the one large object, and have names like any", async () => {
    const odd = JSON.parse(
      `{"__proto__": {"n": 1}, "a\\u0000b": {"n": 2}, "a": {"n": 3}, "\\ud800": {"n": 4}, ${JSON.stringify(rows).slice(1)}`,
    );
    expect(
      await said(
        call("return Object.getOwnPropertyDescriptor(table, '__proto__').value.n;", odd),
        call("return [table['a\\0b'].n, table.a.n, table['\\ud800'].n, table['\\ufffd'] ?? 'none'];", odd),
        call(
          "Object.prototype.get = () => 9; Object.prototype.ownKeys = () => []; return [table.r5.n, Object.keys(table).length];",
          odd,
        ),
      ),
    ).toEqual(["1", '[2,3,4,"none"]', "[5,104]"]);
  });

  it("finds a row by its whole name, whatever names and values look like", async () => {
    const tricky = {
      'r1":1': 1,
      '\n"r1":': { n: '\n"r2":7,\n', r1: "," },
      "": "empty",
      "7": "seven",
      "r\\": ["back\\slash"],
      ...rows,
      "r1 ": "space",
      z: ",",
    };
    const given = { first: tricky, "\n": 5, rows: { ...rows, last: "," }, list: [tricky] };
    const names = ["r1", 'r1":1', '\n"r1":', "", "7", "r\\", "r1 ", "z", "R1", '"r1"'];
    const looked = JSON.stringify(names.map((name) => (tricky as JsonObject)[name] ?? "none"));
    expect(
      await said(
        call(`return ${JSON.stringify(names)}.map((name) => table.first[name] ?? "none");`, given),
        call("return [table.rows.last, table['\\n'], table.list[0].r9.n, table.first.r99.n];", given),
        call("return JSON.stringify(table);", given),
        call(`return ${JSON.stringify(names)}.map((name) => table[name] ?? "none");`, tricky),
        call("return JSON.stringify(table);", tricky),
      ),
    ).toEqual([looked, '[",",5,9,99]', JSON.stringify(given), looked, JSON.stringify(tricky)]);
  });

  it("costs the same fuel alone, repeated and after other calls of the program", async () => {
    const code =
      "function tool({ all }, table) { let n = 0; for (let i = 0; i < 30000; i++) n += i; return all ? Object.keys(table.rows).length + n : table.rows.r7.n + n; }";
    const calls = [true, false].map(
      (all): ToolInvocation => ({
        program: { name: "tool", runtime: "javascript", code, table },
        arguments: { all },
      }),
    );
    const [listing, looking] = [(await sandbox.run([calls[0]!]))[0], (await sandbox.run([calls[1]!]))[0]];
    expect(listing).toEqual({ kind: "returned", text: "449985100", fuel: 70_000 });
    expect(looking).toEqual({ kind: "returned", text: "449985007", fuel: 70_000 });
    expect(await sandbox.run([...calls, ...calls.toReversed(), calls[1]!])).toEqual([
      listing,
      looking,
      looking,
      listing,
      looking,
    ]);
  });
});

/** What the gates' second run and their reading of code rest on: the interpreter's clock, chance and globals. */
import { afterAll, describe, expect, it } from "vitest";
import { allowedGlobals, allowedMembers } from "../src/core/gates/code-names.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";

const sandbox = createSandbox({ ...defaultSandboxLimits, log: () => {} });
afterAll(() => sandbox.close());
const tool = (body: string) => ({
  program: { name: "tool", runtime: "javascript" as const, code: `function tool() { ${body} }` },
  arguments: {},
});

describe("the interpreter", () => {
  it("has another clock and other chance in other surroundings, and computes the same", async () => {
    const calls = ["String(Date.now())", "String(Math.random())", "String(2 ** 0.5)"].map((value) =>
      tool(`return ${value};`),
    );
    const usual = (await sandbox.run(calls)).map(({ text }) => text);
    const other = (await sandbox.run(calls, undefined, "other")).map(({ text }) => text);
    expect(usual[0]).toBe("1735689600000");
    expect(other[0]).toBe("1942033401987");
    expect(other[1]).not.toBe(usual[1]);
    expect(other[2]).toBe(usual[2]);
    expect((await sandbox.run(calls, undefined, "other")).map(({ text }) => text)).toEqual(other);
  });

  it("is in another time zone there, and sets of texts are in another order", async () => {
    const python = (body: string) => ({
      program: { name: "tool", runtime: "python" as const, code: `def tool():\n    ${body}` },
      arguments: {},
    });
    const calls = [
      tool("return new Date(1989, 0, 13).toISOString();"),
      python("return ' '.join({'red', 'green', 'blue', 'white', 'black', 'grey'})"),
      python("return ' '.join({'red': 1, 'green': 2})"),
    ];
    const usual = (await sandbox.run(calls)).map(({ text }) => text);
    const other = (await sandbox.run(calls, undefined, "other")).map(({ text }) => text);
    expect([usual[0], other[0]]).toEqual(["1989-01-13T00:00:00.000Z", "1989-01-12T18:30:00.000Z"]);
    expect(other[1]!.split(" ").sort()).toEqual(["black", "blue", "green", "grey", "red", "white"]);
    expect(other[1]).not.toBe(usual[1]);
    expect([usual[2], other[2]]).toEqual(["red green", "red green"]);
  });

  it("has a global of its own for each name that the static gate allows, and each member of one", async () => {
    const globals = [...allowedGlobals].filter((name) => name !== "arguments");
    const members = Object.entries(allowedMembers).map(([name, allowed]) => [name, [...allowed]]);
    const [outcome] = await sandbox.run([
      tool(`
        const missing = (of, names) => names.filter((name) => !Object.hasOwn(of, name));
        return [
          ...missing(globalThis, ${JSON.stringify(globals)}),
          ...${JSON.stringify(members)}.flatMap(([name, names]) => missing(globalThis[name], names)),
        ];`),
    ]);
    expect(outcome).toMatchObject({ kind: "returned", text: "[]" });
  });

  it("hands its global object to no getter, where a name is declared nowhere around it or a global is deleted", async () => {
    const join = 'const j = (...parts) => parts.join(""); const P = ({})[j("__pro", "to__")];';
    const F = 'const F = (() => 1)[j("__pro", "to__")];';
    const outcomes = await sandbox.run(
      [
        `${join} P[j("__define", "Getter__")]("zz", P.valueOf); { const zz = 1; } return typeof zz;`,
        `${join} P[j("__define", "Getter__")]("isNaN", P.valueOf); delete isNaN; return typeof isNaN;`,
        `${join} P[j("__define", "Getter__")]("abs", P.valueOf); delete Math.abs; return typeof Math.abs;`,
        `${join} ${F} F[j("__define", "Getter__")]("UTC", P.valueOf); delete Date.UTC; return typeof Date.UTC;`,
        `${join} ${F} F[j("__pro", "to__")] = { get UTC() { return 1; } }; delete Date.UTC; return typeof Date.UTC;`,
      ].map(tool),
    );
    expect(outcomes.map(({ kind, text }) => [kind, text])).toEqual(
      Array(5).fill(["raised", "object is not extensible"]),
    );
  });

  it("gives neither clock nor chance nor its global object to code that names none of them", async () => {
    const [outcome] = await sandbox.run([
      tool(`
        const named = [${[...allowedGlobals].filter((name) => !["Date", "Math"].includes(name)).join(", ")}];
        const ofDates = [Date.UTC, Date.parse, new Date(0).getTime, new Date(0).toISOString, new Date(0).valueOf];
        const written = [{}, "", 0, 0n, /x/, function* () {}, async () => {}, async function* () {}];
        const made = [new Map().keys(), [].values(), "".matchAll(/x/g), written[5](), written[6](), written[7]()];
        const found = new Set();
        const waiting = [arguments, ...named, ...ofDates, ...written, ...made];
        while (waiting.length > 0) {
          const value = waiting.pop();
          if (value === null || value === undefined || found.has(value)) continue;
          found.add(value);
          const object = Object(value);
          for (const key of Reflect.ownKeys(object)) {
            const part = Object.getOwnPropertyDescriptor(object, key);
            waiting.push(part.value, part.get, part.set);
          }
          waiting.push(Object.getPrototypeOf(object));
          if (typeof value !== "function" || value === tool) continue;
          for (const use of [() => value(), () => new value()]) try { waiting.push(use()); } catch {}
        }
        const wanted = { Date, now: Date.now, Math, random: Math.random, globalThis, Reflect, performance: globalThis.performance };
        return [found.size > 300, found.has(Object), ...Object.keys(wanted).filter((name) => found.has(wanted[name]))];`),
    ]);
    expect(outcome).toMatchObject({ kind: "returned", text: "[true,true]" });
  });
});

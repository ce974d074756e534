/** What the gates' second run and their reading of code rest on: the interpreter's clock, chance and globals. */
import { afterAll, describe, expect, it } from "vitest";
import { allowedGlobals, forbiddenGlobals, forbiddenMembers } from "../src/core/gates/code-names.ts";
import { methodNames } from "../src/core/gates/method-names.ts";
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

  it("has no global that the static gate neither allows nor forbids to be declared anew", async () => {
    const [outcome] = await sandbox.run([tool("return Object.getOwnPropertyNames(globalThis).join(' ');")]);
    const unknown = outcome!.text
      .split(" ")
      .filter((name) => name !== "tool" && !allowedGlobals.has(name) && !forbiddenGlobals.has(name));
    expect(unknown).toEqual([]);
  });

  it("has no method that the static gate neither knows nor forbids", async () => {
    const [outcome] = await sandbox.run([
      tool(`
        const values = [{}, [], "", 0, true, tool, new Map(), new Set(), new Error(), /x/, [].values(), new Map().keys(), "".matchAll(/x/g)];
        const names = new Set();
        for (const value of values)
          for (let at = Object(value); at; at = Object.getPrototypeOf(at))
            for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
              if (typeof value === "function") names.add(name);
        return [...names].join(" ");`),
    ]);
    const names = outcome!.text.split(" ");
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name) => !methodNames.has(name) && !forbiddenMembers.has(name))).toEqual([]);
  });
});

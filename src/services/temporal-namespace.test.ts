import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { searchAttributes } from "../workflows/names.ts";
import { retentionMs } from "./temporal-namespace.ts";

const script = readFileSync(new URL("../../temporal/setup-namespace.sh", import.meta.url), "utf8");

describe("temporal/setup-namespace.sh", () => {
  it("creates the search attributes that workflows use, with their types", () => {
    const created = [...script.matchAll(/--name (\w+) --type (\w+)/g)].map(([, name, type]) => [name, type]);
    const used = Object.values(searchAttributes).map(({ name, type }) => [name, type.toLowerCase()]);
    expect(created.map(([name, type]) => [name, type!.toLowerCase()])).toEqual(used);
  });

  it("keeps closed workflows as long as the embedded server does", () => {
    expect(script).toContain("retention=720h");
    expect(retentionMs).toBe(2_592_000_000);
  });
});

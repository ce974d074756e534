import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { wholeBundle } from "./bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-bundle-"));
const path = join(folder, "cache", "workflows.cjs");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
const bundle = () =>
  wholeBundle(path, async () => {
    made += 1;
    return "exports.answer = 42;";
  });

describe("the workflow bundle", () => {
  it("is made once, and leaves nothing beside it", async () => {
    await bundle();
    await bundle();
    expect(made).toBe(1);
    expect(readFileSync(path, "utf8")).toMatch(/^\/\* sha256 [0-9a-f]{64} \*\/ exports\.answer = 42;$/);
    expect(readdirSync(join(folder, "cache"))).toEqual(["workflows.cjs"]);
  });

  it("goes when its sources have changed and a month has passed", async () => {
    const names = ["workflows-old.cjs", "workflows-new.cjs", "else.cjs"];
    for (const name of names) writeFileSync(join(folder, "cache", name), "");
    for (const name of ["workflows-old.cjs", "else.cjs"]) utimesSync(join(folder, "cache", name), 0, 0);
    truncateSync(path, 0);
    await bundle();
    expect(readdirSync(join(folder, "cache")).sort()).toEqual([
      "else.cjs",
      "workflows-new.cjs",
      "workflows.cjs",
    ]);
    for (const name of names) rmSync(join(folder, "cache", name), { force: true });
  });

  it.each<[string, () => void]>([
    ["empty", () => truncateSync(path, 0)],
    ["cut off in its code", () => truncateSync(path, 90)],
    ["cut off in its hash", () => truncateSync(path, 40)],
    ["changed", () => writeFileSync(path, readFileSync(path, "utf8").replace("42", "43"))],
    ["longer than it was", () => writeFileSync(path, `${readFileSync(path, "utf8")}exports.more = 1;`)],
  ])("is made anew where it is %s", async (_, damage) => {
    const whole = readFileSync(path, "utf8");
    damage();
    await bundle();
    expect(readFileSync(path, "utf8")).toBe(whole);
  });
});

/** How a TypeScript program of ours is started: bundled at its first use, and anew whenever a source of it changed. */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const project = fileURLToPath(new URL("..", import.meta.url));
let root: string;
let cache: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ratchet-launch-"));
  cache = join(root, "node_modules", ".cache", "ratchet");
  for (const folder of ["bin", "src", "node_modules"]) mkdirSync(join(root, folder));
  for (const name of ["esbuild", "tsx", "zod"])
    symlinkSync(join(project, "node_modules", name), join(root, "node_modules", name));
  copyFileSync(join(project, "bin", "launch.mjs"), join(root, "bin", "launch.mjs"));
  writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  write("word.ts", 'export const word: string = "first";');
  write(
    "program.ts",
    `import { z } from "zod";
import { word } from "./word.ts";
const late = await import("./late.ts");
process.stdout.write(JSON.stringify([word, late.where, z.string().parse(process.argv[2])]));`,
  );
  write("late.ts", "export const where: string = import.meta.url;");
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(root, "src", name), text);
const run = (...args: string[]) =>
  execFileSync(process.execPath, [join(root, "bin", "launch.mjs"), "src/program.ts", ...args], {
    cwd: root,
    encoding: "utf8",
    stdio: "pipe",
  });
const says = () => JSON.parse(run("argument")) as unknown[];
const where = () => new URL("src/late.ts", `file://${root}/`).href;
const bundles = () => readdirSync(cache).filter((name) => !name.endsWith(".json"));

it("gets its arguments, its packages, and the place of its source", () => {
  expect(says()).toEqual(["first", where(), "argument"]);
});

it("is bundled once, and again when a source that it imports has changed", () => {
  says();
  says();
  expect(bundles()).toHaveLength(1);
  write("word.ts", 'export const word: string = "second";');
  expect(says()).toEqual(["second", where(), "argument"]);
  expect(bundles()).toHaveLength(2);
});

it("is bundled again where the project was moved", () => {
  says();
  const moved = `${root}-moved`;
  renameSync(root, moved);
  root = moved;
  expect(says()).toEqual(["first", where(), "argument"]);
});

it.each([
  ["took some of the bundle", () => ""],
  ["left zeros of it", (text: string) => "\0".repeat(text.length)],
])("is bundled again where a power cut %s", (_, left) => {
  says();
  const folder = join(cache, bundles()[0]!);
  for (const name of readdirSync(folder))
    writeFileSync(join(folder, name), left(readFileSync(join(folder, name), "utf8")));
  expect(says()).toEqual(["first", where(), "argument"]);
});

it("is loaded from its sources where no bundle can be written", () => {
  writeFileSync(join(root, "node_modules", ".cache"), "no folder");
  expect(says()).toEqual(["first", where(), "argument"]);
});

it("names the line of the source where it fails", () => {
  write(
    "word.ts",
    "\n\nexport const word: string = fail();\nfunction fail(): never {\n  throw new Error('it');\n}",
  );
  for (const _ of ["made", "found"]) expect(() => says()).toThrow(/src\/word\.ts:5:/);
});

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { environmentsDocument } from "../scripts/document-environments.ts";
import { inputsDocument } from "../scripts/document-inputs.ts";

it("docs/inputs.md says what the schemas say (npm run docs writes it)", () => {
  expect(readFileSync(new URL("../docs/inputs.md", import.meta.url), "utf8")).toBe(inputsDocument());
});

it("every field of every input has a meaning in it, and every row of its tables five cells", () => {
  const rows = inputsDocument()
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  const cells = rows.map((row) => row.slice(2, -2).split(/ (?<!\\)\| ?/));
  expect(cells.filter((row) => row.length !== 5 || row[4]!.trim() === "")).toEqual([]);
});

it("docs/environments.md shows the environment that the code makes (npm run docs writes it)", async () => {
  const page = readFileSync(new URL("../docs/environments.md", import.meta.url), "utf8");
  expect(page).toBe(await environmentsDocument());
});

it("ARCHITECTURE.md draws the import rules that are enforced (npm run docs writes it)", async () => {
  // @ts-expect-error a plain script, run by node alone, has no declarations
  const { architecturePage } = await import("../scripts/architecture.mjs");
  expect(readFileSync(new URL("../ARCHITECTURE.md", import.meta.url), "utf8")).toBe(architecturePage());
});

// The import graph in ARCHITECTURE.md, drawn from the rules that dependency-cruiser enforces; `npm run docs` writes it.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const { layers } = createRequire(import.meta.url)("./layers.cjs");
const file = fileURLToPath(new URL("../ARCHITECTURE.md", import.meta.url));
const [begin, end] = ["<!-- imports: begin -->", "<!-- imports: end -->"];

/** Mermaid: an arrow for each pair of layers where the first may import the second. */
export function importGraph() {
  const arrows = layers.flatMap(({ name, mayImport }) =>
    layers
      .filter(
        (other) => other.name !== name && mayImport.some((pattern) => new RegExp(pattern).test(other.probe)),
      )
      .map((other) => `  ${name} --> ${other.name}`),
  );
  return `${begin}\n\`\`\`mermaid\nflowchart TD\n${arrows.join("\n")}\n  workers --> everything["every layer"]\n\`\`\`\n${end}`;
}

/** The page with its graph renewed. */
export function architecturePage() {
  const page = readFileSync(file, "utf8");
  return page.slice(0, page.indexOf(begin)) + importGraph() + page.slice(page.indexOf(end) + end.length);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, architecturePage());

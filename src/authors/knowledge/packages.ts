/** The data packages, read once per process when a proposal first needs them. Their licences are listed in NOTICE. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** A JSON file or CommonJS module of a package; its shape is what the package documents. */
export const loadPackage = <T>(path: string): T => require(path) as T;

/** "name@version", as lineage records it. Read from the file, because some packages do not export theirs. */
export function packageVersion(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const manifest = JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8")) as {
        version: string;
      };
      return `${name}@${manifest.version}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw new Error(`data package '${name}' is not installed; run npm ci`);
}

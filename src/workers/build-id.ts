/** What tells one build from another: the sources it runs and the lock file that fixes what they import. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { contentHash } from "../core/hash.ts";

const source = fileURLToPath(new URL("..", import.meta.url));

/** Of the given folders of src/; "" is all of it. The sources run as they are, so nothing else makes a build. */
export async function sourcesHash(folders: readonly string[]): Promise<string> {
  const files: string[] = [];
  for (const folder of folders)
    for (const entry of await readdir(join(source, folder), { recursive: true, withFileTypes: true }))
      if (entry.isFile() && isProgram(entry.name)) files.push(join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    [join(source, "..", "package-lock.json"), ...files.sort()].map((file) => readFile(file, "utf8")),
  );
  return contentHash(texts);
}

const isProgram = (name: string) => /\.(ts|mjs|cjs|py)$/.test(name) && !name.includes(".test");

/** Short enough for a person to compare. */
export const buildId = async () => (await sourcesHash([""])).slice(0, 16);

/** The workflow bundle, made once for each state of the sources: a restarted worker is back in half a second, not three. */
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode } from "@temporalio/worker";
import { contentHash } from "../core/hash.ts";

const source = fileURLToPath(new URL("..", import.meta.url));

export async function workflowBundle(home: string): Promise<{ codePath: string }> {
  const folder = join(home, "cache");
  const codePath = join(folder, `workflows-${(await sourcesHash()).slice(0, 16)}.cjs`);
  if (!(await readFile(codePath).catch(() => undefined))) {
    const { code } = await bundleWorkflowCode({ workflowsPath: join(source, "workflows", "index.ts") });
    await mkdir(folder, { recursive: true });
    const temporary = `${codePath}.${process.pid}.tmp`;
    await writeFile(temporary, code);
    await rename(temporary, codePath);
  }
  return { codePath };
}

/** Of everything a workflow may import, and of the lock file that fixes the SDK. */
async function sourcesHash(): Promise<string> {
  const files = [join(source, "..", "package-lock.json")];
  for (const layer of ["core", "workflows"])
    for (const entry of await readdir(join(source, layer), { recursive: true, withFileTypes: true }))
      if (entry.isFile() && entry.name.endsWith(".ts")) files.push(join(entry.parentPath, entry.name));
  return contentHash(await Promise.all(files.sort().map((file) => readFile(file, "utf8"))));
}

/** The workflow bundle, made once for each state of the sources: a restarted worker is back in half a second, not three. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataConverter } from "@temporalio/common";
import { bundleWorkflowCode } from "@temporalio/worker";
import { sourcesHash } from "./build-id.ts";

const workflowsPath = fileURLToPath(new URL("../workflows/index.ts", import.meta.url));

/** A converter of failures becomes part of the bundle. */
export async function workflowBundle(
  home: string,
  { failureConverterPath }: Pick<DataConverter, "failureConverterPath"> = {},
): Promise<{ codePath: string }> {
  const folder = join(home, "cache");
  // Everything that a workflow may import.
  const hash = (await sourcesHash(["core", "workflows"])).slice(0, 16);
  const codePath = join(folder, `workflows-${hash}${failureConverterPath ? "-encoded" : ""}.cjs`);
  if (!(await readFile(codePath).catch(() => undefined))) {
    const { code } = await bundleWorkflowCode({
      workflowsPath,
      ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
    });
    await mkdir(folder, { recursive: true });
    const temporary = `${codePath}.${process.pid}.tmp`;
    await writeFile(temporary, code);
    await rename(temporary, codePath);
  }
  return { codePath };
}

/**
 * The workflow bundle, made once for each state of the sources, whatever the home: a restarted worker is back in half a
 * second, not three.
 * It is used only while it has the hash that it begins with, so a file that was cut off or changed is made anew.
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataConverter } from "@temporalio/common";
import { bundleWorkflowCode } from "@temporalio/worker";
import { sha256 } from "../core/hash.ts";
import { writeWhole } from "../services/files.ts";
import { sourcesHash } from "./build-id.ts";

/** Of sources that have changed since. A worker has read its own when it starts. */
const keptMs = 30 * 24 * 3_600_000;

const workflowsPath = fileURLToPath(new URL("../workflows/index.ts", import.meta.url));

/** A converter of failures becomes part of the bundle. */
export async function workflowBundle(
  cacheFolder: string,
  { failureConverterPath }: Pick<DataConverter, "failureConverterPath"> = {},
): Promise<{ codePath: string }> {
  // Everything that a workflow may import.
  const sources = (await sourcesHash(["core", "workflows"])).slice(0, 16);
  const codePath = join(cacheFolder, `workflows-${sources}${failureConverterPath ? "-encoded" : ""}.cjs`);
  return wholeBundle(codePath, async () => {
    const { code } = await bundleWorkflowCode({
      workflowsPath,
      ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
    });
    return code;
  });
}

/** What lies at the path, where it has the hash that it begins with; anything else there is made anew. */
export async function wholeBundle(
  codePath: string,
  make: () => Promise<string>,
): Promise<{ codePath: string }> {
  const found = await readFile(codePath, "utf8").catch(() => "");
  const code = found.slice(sealOf("").length);
  if (found !== sealOf(code) + code) {
    const made = await make();
    removeOld(dirname(codePath));
    writeWhole(codePath, sealOf(made) + made);
  }
  return { codePath };
}

function removeOld(folder: string): void {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names.filter((entry) => /^workflows-.*\.cjs(\.\d+\.tmp)?$/.test(entry)))
    if (ageMs(join(folder, name)) > keptMs) rmSync(join(folder, name), { force: true });
}

/** 0 of what another process has just removed. */
const ageMs = (path: string) =>
  Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());

/** On the code's own first line, and before it: lines keep their numbers, and the source map ends the file as it must. */
const sealOf = (code: string) => `/* sha256 ${sha256(code)} */ `;

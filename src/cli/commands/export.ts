/** `ratchet export CHECKPOINT FOLDER`: a policy for `transformers`, or with `--adapter` its adapter for `peft`. */
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { RatchetError } from "../../core/errors.ts";
import { isHash } from "../../core/hash.ts";
import { openArtifactFolder } from "../../store/artifacts.ts";
import { writing } from "../writing.ts";

export function register(ratchet: Command): void {
  ratchet
    .command("export")
    .argument("<checkpoint>", "content hash of a checkpoint, as `ratchet status --json` shows it")
    .argument("<folder>", "new or empty folder")
    .description(
      "write a trained policy as a folder that transformers loads; an adapter is merged into its weights",
    )
    .option("--adapter", "write the adapter alone, as peft loads it")
    .action(async (hash: string, given: string, { adapter = false }: { adapter?: boolean }) => {
      if (!isHash(hash))
        throw new RatchetError(
          "InvalidInput",
          `"${hash}" is no content hash of a checkpoint; give the 64 hexadecimal digits that \`ratchet status --json\` shows`,
          { field: "checkpoint", value: hash },
        );
      const folder = resolve(given);
      const { artifactFolder } = readConfig();
      // Opening the store would make one where there is none.
      if (!existsSync(join(artifactFolder, "checkpoint", hash.slice(0, 2), hash)))
        throw new RatchetError(
          "InvalidInput",
          `checkpoint "${hash}" is not in ${artifactFolder}; \`ratchet status --json\` shows a run's, and RATCHET_HOME and RATCHET_ARTIFACTS name other places`,
          { field: "checkpoint", value: hash },
        );
      const artifacts = await openArtifactFolder(artifactFolder, async () => {});
      const ref = await artifacts.find("checkpoint", hash);
      const { locatePolicy } = await import("../../engine/runtime/locate.ts");
      const { exportAdapter, exportPolicy } = await import("../../engine/policies/export.ts");
      writing("FOLDER", folder, () => mkdirSync(folder, { recursive: true }));
      const location = await locatePolicy(artifacts, ref);
      await (adapter ? exportAdapter : exportPolicy)(location, folder);
      process.stdout.write(`${folder}\n`);
    });
}

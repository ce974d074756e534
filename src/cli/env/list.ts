/** `ratchet env list [ID]`: the stored sets, or the environments of one. */
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import {
  calibrationLine,
  calibrationSummary,
  environmentLine,
  environmentSummary,
  setLine,
  setSummary,
} from "./describe.ts";

export function register(env: Command): void {
  env
    .command("list")
    .argument("[ID]", "a set: its environments are listed")
    .description("list the stored sets, or the environments of one")
    .option("--json", "print one JSON array")
    .action(async (id: string | undefined, { json = false }: { json?: boolean }) => {
      // The store takes a second to load, which no other command should pay for.
      const { openLibrary } = await import("./library.ts");
      const library = await openLibrary(readConfig());
      const rows: { readonly line: string; readonly summary: unknown }[] = [];
      try {
        if (id === undefined) {
          for await (const one of library.sets()) {
            const calibrations = await library.calibrations(one.ref.hash);
            const lines = [setLine(one), ...calibrations.map((given) => `  ${calibrationLine(given)}`)];
            rows.push({
              line: lines.join("\n"),
              summary: { ...setSummary(one), calibrations: calibrations.map(calibrationSummary) },
            });
          }
        } else {
          const found = await library.find(id);
          const listed = found.kind === "set" ? found.set.environments : [found.subject.environment];
          for (const one of listed)
            rows.push({ line: environmentLine(one), summary: environmentSummary(one) });
        }
      } finally {
        await library.close();
      }
      if (json) process.stdout.write(`${JSON.stringify(rows.map(({ summary }) => summary))}\n`);
      else if (rows.length > 0) process.stdout.write(`${rows.map(({ line }) => line).join("\n")}\n`);
      else
        process.stdout.write(
          "no environments are stored; build some with: npx ratchet start, or import some with: npx ratchet env import\n",
        );
    });
}

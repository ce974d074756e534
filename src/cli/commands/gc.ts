/** `ratchet gc`: removes checkpoints that nobody needs, and says of every other one why it stays. Safe while runs go on. */
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { RatchetError } from "../../core/errors.ts";
import { shortHash } from "../../core/hash.ts";
import { runningEndpoints } from "../../services/endpoints.ts";
import type { GarbageReport } from "../../store/garbage.ts";
import type { Store } from "../../store/store.ts";

interface GcOptions {
  readonly budget: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function register(ratchet: Command): void {
  ratchet
    .command("gc")
    .description("remove checkpoints that nobody needs; the last and the best of every training stay")
    .option("--budget <bytes>", "remove the oldest only until checkpoints take at most this, e.g. 5e9", "0")
    .option("--dry-run", "remove nothing, and say what would be")
    .option("--json", "print the result as JSON")
    .action(async ({ budget, dryRun = false, json = false }: GcOptions) => {
      const budgetBytes = Number(budget);
      if (!(budget.trim() !== "" && budgetBytes >= 0 && Number.isFinite(budgetBytes)))
        throw new RatchetError(
          "InvalidInput",
          `--budget "${budget}" is no number of bytes; give 0 or more, for example 5e9`,
          { field: "--budget", value: budget },
        );
      const config = readConfig();
      const endpoints = runningEndpoints(config);
      const { withStore } = await import("../read-run.ts");
      const collect = (store: Store) => store.collectGarbage([], budgetBytes, dryRun);
      const report = await withStore(config, endpoints, collect);
      process.stdout.write(json ? `${JSON.stringify({ dryRun, ...report })}\n` : describe(report, dryRun));
    });
}

function describe({ removed, kept, bytes }: GarbageReport, dryRun: boolean): string {
  const freed = removed.reduce((sum, checkpoint) => sum + checkpoint.bytes, 0);
  const name = ({ hash, origin }: { readonly hash: string; readonly origin: string | null }) =>
    `${shortHash(hash)}  ${origin ?? "no update"}`;
  return [
    `${dryRun ? "would remove" : "removed"} ${removed.length} checkpoints, ${megabytes(freed)}`,
    ...removed.map((checkpoint) => `  ${name(checkpoint)}`),
    `${dryRun ? "would keep" : "kept"} ${kept.length} checkpoints, ${megabytes(bytes)}`,
    ...kept.map((checkpoint) => `  ${name(checkpoint)}: ${checkpoint.because}`),
    "",
  ].join("\n");
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

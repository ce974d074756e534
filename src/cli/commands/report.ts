/** `ratchet report [RUN]`: writes the run's report as one HTML page and prints where it is. */
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { runningEndpoints } from "../../services/endpoints.ts";

export function register(ratchet: Command): void {
  ratchet
    .command("report")
    .argument("[RUN]", "id of a run; the newest one by default")
    .description("write a run's report as one HTML page and print its path")
    .option("--stage <id>", "which report stage, where the run has several; the first by default")
    .option(
      "--out <file>",
      "where to write it; reports/RUN.html in the home by default, with --stage reports/RUN.ID.html",
    )
    .action(async (name: string | undefined, { stage, out }: { stage?: string; out?: string }) => {
      const config = readConfig();
      const endpoints = runningEndpoints(config);
      // The store takes a second to load, which no other command should pay for.
      const [{ withStore }, { listReports, readReport, reportOf, reportPath, writeReport }] =
        await Promise.all([import("../read-run.ts"), import("../stored-report.ts")]);
      await withStore(config, endpoints, async (store) => {
        const report = reportOf(await listReports(store, name), stage);
        const data = await readReport(store, report);
        const path = out ?? reportPath(config.home, report.run, stage);
        process.stdout.write(`${await writeReport(data, path)}\n`);
      });
    });
}

/**
 * A program, run by `temporal-download.ts`: lets the SDK download the Temporal CLI of version `argv[3]` into the folder
 * `argv[2]`. The SDK has no call that only downloads, so its short-lived server is started once. In a process of its own
 * because the SDK tries for five minutes and cannot be told to stop.
 */
import { TestWorkflowEnvironment } from "@temporalio/testing";

const [downloadDir, version] = process.argv.slice(2) as [string, string];
try {
  const server = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: "cached-download", version: `v${version}`, downloadDir } },
  });
  await server.teardown();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}

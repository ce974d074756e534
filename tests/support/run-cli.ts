/** Runs the command line as a person does, in a process of its own, free of what the person's own shell configures. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ratchet = fileURLToPath(new URL("../../bin/ratchet.mjs", import.meta.url));
const configuring = /^(RATCHET_|TEMPORAL_|DATABASE_URL$|NODE_OPTIONS$|VITEST)/;

interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runCli(args: readonly string[], variables: Record<string, string>): Promise<Ending> {
  const kept = Object.entries(process.env).filter(([name]) => !configuring.test(name));
  const child = spawn(process.execPath, [ratchet, ...args], {
    env: { ...Object.fromEntries(kept), ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

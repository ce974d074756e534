/** `ratchet doctor`: what this machine has and lacks, with how to mend each. Changes nothing. */
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { findIsolation } from "../../sandbox/isolation.ts";
import { examine } from "../../services/preflight.ts";
import { exitCodes } from "../exit.ts";

export function register(ratchet: Command): void {
  ratchet
    .command("doctor")
    .description("look for what this machine lacks, and say how to mend it")
    .option("--json", "print the checks as JSON")
    .action(async ({ json = false }: { json?: boolean }) => {
      const examined = (await examine(readConfig())).map(({ name, ok, found, mend }) =>
        ok ? { name, ok, found } : { name, ok, found, mend },
      );
      const checks: { name: string; ok: boolean; found: string; mend?: string }[] = [
        ...examined,
        lookAtSandbox(),
      ];
      if (json)
        process.stdout.write(`${JSON.stringify({ ok: checks.every(({ ok }) => ok), checks }, null, 2)}\n`);
      else
        for (const { name, ok, found, mend } of checks)
          process.stdout.write(
            `${ok ? "ok     " : "missing"}  ${name.padEnd(9)}  ${found}${mend ? `\n         -> ${mend}` : ""}\n`,
          );
      process.exitCode = checks.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.unavailable;
    });
}

/** Never missing: without the kernel's help the interpreter and a locked-down Node still hold a tool back. */
function lookAtSandbox() {
  const { held, missing } = findIsolation();
  const parts = [
    ...(held.length > 0 ? [`tools get ${held.join(" and ")}`] : []),
    ...(missing.length > 0 ? [`this machine does not offer ${missing.join(" or ")}`] : []),
  ];
  return { name: "sandbox", ok: true, found: parts.join("; ") };
}

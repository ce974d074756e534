/** The command line: one file per command under `commands/`, one way to end (`exit.ts`). */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { z } from "zod";
import { register as doctor } from "./commands/doctor.ts";
import { register as down } from "./commands/down.ts";
import { register as env } from "./commands/env.ts";
import { register as exportPolicy } from "./commands/export.ts";
import { register as fork } from "./commands/fork.ts";
import { register as gc } from "./commands/gc.ts";
import { register as loss } from "./commands/loss.ts";
import { register as pause } from "./commands/pause.ts";
import { register as report } from "./commands/report.ts";
import { register as resume } from "./commands/resume.ts";
import { register as score } from "./commands/score.ts";
import { register as set } from "./commands/set.ts";
import { register as start } from "./commands/start.ts";
import { register as status } from "./commands/status.ts";
import { register as stop } from "./commands/stop.ts";
import { runTemporal, register as temporal } from "./commands/temporal.ts";
import { register as up } from "./commands/up.ts";
import { register as update } from "./commands/update.ts";
import { exitCodes, reportError } from "./exit.ts";

/** `argv` without node and script. Gives the exit code; see `exit.ts` for what each means. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    // Its arguments belong to another program, so nothing here may read them.
    if (argv[0] === "temporal") return await runTemporal(argv.slice(1));
    await ratchet().parseAsync([...argv], { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : exitCodes.ok;
  } catch (error) {
    return reportError(error);
  }
}

function ratchet(): Command {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")));
  const program = new Command("ratchet")
    .description("Makes language models better at using tools, and never loses work while doing it.")
    .version(version)
    .exitOverride();
  for (const register of [
    start,
    resume,
    pause,
    stop,
    set,
    fork,
    status,
    gc,
    report,
    up,
    down,
    temporal,
    doctor,
    env,
    score,
    loss,
    update,
    exportPolicy,
  ])
    register(program);
  return program;
}

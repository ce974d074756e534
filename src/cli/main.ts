/** The command line: one file per command under `commands/`, one way to end (`exit.ts`). */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { z } from "zod";
import { exitCodes, reportError } from "./exit.ts";
import { watchOutput } from "./output.ts";

/** In the order of `--help`. Only what is asked for is loaded: all of them take half a second of processor time more. */
const commands: Readonly<Record<string, () => Promise<{ register(program: Command): void }>>> = {
  start: () => import("./commands/start.ts"),
  resume: () => import("./commands/resume.ts"),
  pause: () => import("./commands/pause.ts"),
  stop: () => import("./commands/stop.ts"),
  set: () => import("./commands/set.ts"),
  fork: () => import("./commands/fork.ts"),
  status: () => import("./commands/status.ts"),
  gc: () => import("./commands/gc.ts"),
  report: () => import("./commands/report.ts"),
  up: () => import("./commands/up.ts"),
  down: () => import("./commands/down.ts"),
  temporal: () => import("./commands/temporal.ts"),
  doctor: () => import("./commands/doctor.ts"),
  env: () => import("./commands/env.ts"),
  score: () => import("./commands/score.ts"),
  loss: () => import("./commands/loss.ts"),
  update: () => import("./commands/update.ts"),
  export: () => import("./commands/export.ts"),
};

/** `argv` without node and script. Gives the exit code; see `exit.ts` for what each means. */
export async function main(argv: readonly string[]): Promise<number> {
  watchOutput();
  try {
    // Its arguments belong to another program, so nothing here may read them.
    if (argv[0] === "temporal") {
      const { runTemporal } = await import("./commands/temporal.ts");
      return await runTemporal(argv.slice(1));
    }
    const program = await ratchet(argv[0] ?? "");
    await program.parseAsync([...argv], { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : exitCodes.ok;
  } catch (error) {
    return reportError(error);
  }
}

async function ratchet(name: string): Promise<Command> {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")));
  const program = new Command("ratchet")
    .description("Makes language models better at using tools, and never loses work while doing it.")
    .version(version)
    .showHelpAfterError("see npx ratchet --help, or npx ratchet COMMAND --help")
    .exitOverride();
  const asked = Object.hasOwn(commands, name) ? [commands[name]!] : Object.values(commands);
  for (const load of asked) (await load()).register(program);
  return program;
}

/** `ratchet stop RUN`: training ends with the iteration under way, other stages with themselves, and no stage begins. */
import type { Command } from "commander";
import { messages } from "../../workflows/names.ts";
import { type SteerOptions, steer } from "../steer.ts";

export function register(ratchet: Command): void {
  ratchet
    .command("stop")
    .argument("<RUN>", "id of the run")
    .description("end a run after the iteration that is under way; resume goes on from there")
    .option("--json", "print the result as JSON")
    .action((run: string, options: SteerOptions) =>
      steer(
        run,
        messages.stopAfterIteration,
        ({ state, children }) =>
          hasEnded(state) ||
          (state === "stopping" && Object.values(children).every((child) => child.state === "stopping")),
        options,
      ),
    );
}

/** It was quicker than this command. */
const hasEnded = (state: string) => ["done", "stopped", "failed"].includes(state);

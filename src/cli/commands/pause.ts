/** `ratchet pause RUN`: what runs comes to its end, and nothing new begins until `ratchet resume RUN`. */
import type { Command } from "commander";
import { messages } from "../../workflows/names.ts";
import { type SteerOptions, steer } from "../steer.ts";

export function register(ratchet: Command): void {
  ratchet
    .command("pause")
    .argument("<RUN>", "id of the run")
    .description("hold a run after the turn, batch or update that is under way; resume goes on")
    .option("--json", "print the result as JSON")
    .action((run: string, options: SteerOptions) =>
      steer(run, messages.pause, ({ state }) => state === "paused", options),
    );
}

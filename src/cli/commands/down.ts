/** `ratchet down`: ends the services and workers of this home, whoever started them; their data stays. */
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { shutDown } from "../../services/attach.ts";

export function register(ratchet: Command): void {
  ratchet
    .command("down")
    .description("end the services and workers; data and runs stay")
    .option("--json", "print the result as JSON")
    .action(async ({ json = false }: { json?: boolean }) => {
      const { home } = readConfig();
      const ended = await shutDown(home);
      process.stdout.write(
        json
          ? `${JSON.stringify({ home, ended })}\n`
          : ended
            ? "everything ended\n"
            : `nothing ran for ${home}\n`,
      );
    });
}

/** `ratchet env`: looking at environments, proving, serving, importing and exporting them. */
import type { Command } from "commander";
import { register as audit } from "../env/audit.ts";
import { register as exportRows } from "../env/export.ts";
import { register as importRows } from "../env/import.ts";
import { register as list } from "../env/list.ts";
import { register as serve } from "../env/serve.ts";
import { register as show } from "../env/show.ts";
import { register as verify } from "../env/verify.ts";

export function register(ratchet: Command): void {
  const env = ratchet
    .command("env")
    .description("list, show, verify, serve, audit, import and export environments")
    .addHelpText(
      "after",
      "\nID is a content hash, a unique prefix of one, or a build's name: RUN or RUN/STAGE, for example quickstart/test-environments",
    );
  for (const register of [list, show, verify, serve, audit, importRows, exportRows]) register(env);
}

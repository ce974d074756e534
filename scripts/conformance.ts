/**
 * Asks a trainer for the contract's golden updates: `npm run conformance -- [COMMAND ...]`, the embedded one by default.
 * The command is given the path of a request as its last argument. Exit 1 where something differs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { conformanceFaults, type Trainer } from "../tests/conformance/suite.ts";

const given = process.argv.slice(2);
if (given[0] === "--help") {
  process.stdout.write("npm run conformance -- [COMMAND ...]   for example: python3 my_trainer.py\n");
  process.exit(0);
}
const embedded: Trainer = [
  process.execPath,
  fileURLToPath(new URL("../bin/ratchet.mjs", import.meta.url)),
  "update",
];
const trainer = given.length > 0 ? (given as unknown as Trainer) : embedded;
const folder = mkdtempSync(join(tmpdir(), "ratchet-conformance-"));
try {
  const faults = await conformanceFaults(trainer, folder);
  process.stdout.write(faults.length === 0 ? "the trainer conforms\n" : `${faults.join("\n")}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

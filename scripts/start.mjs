// `npm start`: install once, then hand over to `ratchet start` in this very process.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDependencies } from "./install.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
ensureDependencies(root);
process.argv.splice(2, 0, "start");
await import("../bin/ratchet.mjs");

#!/usr/bin/env node
// `npx ratchet`: runs the command line straight from its TypeScript source, so `npm ci` is all the set-up there is.
import { register } from "tsx/esm/api";

register();
const { main } = await import("../src/cli/main.ts");
process.exitCode = await main(process.argv.slice(2));

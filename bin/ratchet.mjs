#!/usr/bin/env node
// `npx ratchet`: runs the command line from its TypeScript source, so `npm ci` is all the set-up there is.
import { fileURLToPath } from "node:url";
import { load } from "./launch.mjs";

const { main } = await load(fileURLToPath(new URL("../src/cli/main.ts", import.meta.url)));
process.exitCode = await main(process.argv.slice(2));

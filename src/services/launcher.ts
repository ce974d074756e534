/** What runs a TypeScript program of ours in a process of its own: `node LAUNCHER FILE.ts`. */
import { fileURLToPath } from "node:url";

export const launcher = fileURLToPath(new URL("../../bin/launch.mjs", import.meta.url));

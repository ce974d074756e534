/** What `node --import` needs to run our TypeScript, wherever the current folder is. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

export const tsxLoader = (): string => pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** The workflow worker with its cache. */
import { serveWorkflows } from "./orchestration.ts";

await serveWorkflows(200); // each holds its own isolate context, about 1 MB

/** The GPU worker: the device worker with the embedded engine. */
import { createEngine } from "../engine/runtime/client.ts";
import { serveDevice } from "./device.ts";

await serveDevice(createEngine);

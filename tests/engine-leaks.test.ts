/** An engine that trains and samples on and on gives back every session it made; `npm run leaks` watches its memory too. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { prepareTiny } from "../src/engine/policies/tiny.ts";
import { Runtime } from "../src/engine/runtime/session.ts";
import { createEngineWork } from "../src/engine/runtime/work.ts";
import { countSessions } from "./support/count-sessions.ts";
import { endlessTraining } from "./support/endless-training.ts";

const root = mkdtempSync(join(tmpdir(), "ratchet-leaks-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it("releases each session once: those that made room for others, and the rest at its end", async () => {
  const sessions = countSessions();
  await prepareTiny(join(root, "base"), 0);
  const capacity = 12;
  const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: capacity });
  const engine = { ...createEngineWork(1, "cpu"), runtime };
  const shape = { steps: 2, rows: 4, promptTokens: 300, responseTokens: 20 };
  const next = await endlessTraining(engine, { hash: "base", folder: join(root, "base") }, root, shape);
  for (let update = 0; update < 3; update++) await next();
  expect(sessions.made).toBeGreaterThan(3 * capacity);
  expect(sessions.released).toBeGreaterThanOrEqual(sessions.made - capacity);
  await runtime.release();
  expect(sessions.released).toBe(sessions.made);
});

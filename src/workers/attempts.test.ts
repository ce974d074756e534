import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "@temporalio/client";
import { MockActivityEnvironment } from "@temporalio/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { attemptsFolder, attemptsInterceptor, failDeadAttempts } from "./attempts.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ratchet-attempts-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const token = new Uint8Array([7, 0, 255]);
const begin = (work: () => Promise<unknown>) =>
  new MockActivityEnvironment({ taskToken: token }, { interceptors: [attemptsInterceptor(home)] }).run(work);
const files = () => readdirSync(attemptsFolder(home));

/** A Temporal that still waits for some attempts, and notes what it is told. */
function temporal(waitsFor: (token: Uint8Array) => boolean) {
  const told: unknown[] = [];
  const fail = async (given: Uint8Array, { type, nonRetryable }: { type: string; nonRetryable: boolean }) => {
    if (!waitsFor(given)) throw new Error("Not found");
    told.push({ token: [...given], type, nonRetryable });
  };
  return { told, client: { activity: { fail } } as unknown as Client };
}

it.each([
  ["ends", async () => "done"],
  ["fails", () => Promise.reject(new Error("no"))],
])("an attempt is written down while it works, and no longer once it %s", async (_, end) => {
  const seen: string[][] = [];
  await begin(async () => {
    seen.push(files());
    return end();
  }).catch(() => undefined);
  expect(seen[0]).toHaveLength(1);
  expect(files()).toEqual([]);
});

it("works where nothing can be written down", async () => {
  writeFileSync(attemptsFolder(home), "in the way");
  expect(await begin(async () => "done")).toBe("done");
});

it("what a dead worker was at is handed back to be retried, and only that", async () => {
  const { told, client } = temporal(() => true);
  await begin(async () => {
    const [own] = files();
    const [host, pid, started] = own!.split("+");
    const leave = (name: string) => writeFileSync(join(attemptsFolder(home), name), token);
    leave(`${host}+${pid}+${started}0+another-process-of-that-pid`);
    leave(`another-${hostname()}+${pid}+${started}0+another-machine`);
    expect(await failDeadAttempts(home, client)).toBe(1);
    expect(told).toEqual([{ token: [...token], type: "WorkerDied", nonRetryable: false }]);
    expect(files().sort()).toEqual([own, `another-${hostname()}+${pid}+${started}0+another-machine`].sort());
  });
});

it("nothing is handed back twice, and what had ended before does no harm", async () => {
  const { told, client } = temporal(() => false);
  await begin(async () => {
    const [host, pid, started] = files()[0]!.split("+");
    writeFileSync(join(attemptsFolder(home), `${host}+${pid}+${started}0+ended`), token);
    expect(await failDeadAttempts(home, client)).toBe(0);
    expect(files()).toHaveLength(1);
  });
  expect(told).toEqual([]);
  expect(await failDeadAttempts(join(home, "new"), client)).toBe(0);
});

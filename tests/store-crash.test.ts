/** Processes killed in the middle of writing, and several writing the same thing. */
import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../src/core/hash.ts";
import { launcher } from "../src/services/launcher.ts";
import { openArtifactFolder } from "../src/store/artifacts.ts";
import { sweepStaging } from "../src/store/staging.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ratchet-crash-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function startAdopting(...args: string[]): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("./store-adopt-child.ts", import.meta.url));
  const child = fork(launcher, [program, root, ...args], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  await once(child.stdout!, "data");
  return child;
}

async function killAfter(child: ChildProcess, ms: number): Promise<void> {
  await sleep(ms);
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** Opens every visible artifact as a new process would, which reads and verifies all of it. */
async function verifyAll(): Promise<number> {
  const store = await openArtifactFolder(root, async () => {});
  let found = 0;
  for (const shard of await readdir(join(root, "checkpoint")))
    for (const hash of await readdir(join(root, "checkpoint", shard))) {
      const path = await store.pathOf({ kind: "checkpoint", hash, bytes: 0 });
      expect(sha256(await readFile(join(path, "manifest.json")))).toBe(hash);
      expect((await readdir(path)).sort()).toEqual(["a.bin", "b.bin", "c.bin", "manifest.json"]);
      found += 1;
    }
  return found;
}

describe("adoption", () => {
  it("leaves nothing half visible when its process is killed at any moment, and the rest is swept", async () => {
    for (const ms of [3, 17, 29, 41]) await killAfter(await startAdopting(), ms);
    expect(await verifyAll()).toBeGreaterThan(3);
    const living = await startAdopting();
    await sleep(50);
    const staging = join(root, ".staging");
    await sweepStaging(staging);
    const left = (await readdir(staging)).filter((name) => !name.startsWith(`${living.pid}-`));
    expect(left).toEqual([]);
    await killAfter(living, 0);
    await sweepStaging(staging);
    expect(await readdir(staging)).toEqual([]);
  });

  it("is whole when three processes adopt the same content at once", async () => {
    const children = await Promise.all([startAdopting("same"), startAdopting("same"), startAdopting("same")]);
    await Promise.all(children.map((child) => killAfter(child, 1_000)));
    expect(await verifyAll()).toBeGreaterThan(1);
  });
});

describe("a full disk", () => {
  const mounts = () => spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", root]).status === 0;

  it("is named, and leaves neither the artifact nor a rest of it", async (context) => {
    if (!mounts()) return context.skip("needs the right to mount a small file system");
    try {
      const store = await openArtifactFolder(root, async () => {});
      await expect(store.putJson("shard", "x".repeat(2_000_000))).rejects.toMatchObject({
        type: "StorageFull",
        retryable: true,
      });
      expect(await readdir(join(root, ".staging"))).toEqual([]);
      expect(await readdir(root)).toEqual([".staging"]);
      const small = await store.putJson("shard", "x".repeat(1_000));
      expect(await store.getJson(small)).toHaveLength(1_000);
    } finally {
      spawnSync("umount", [root]);
    }
  });
});

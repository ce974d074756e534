import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ArtifactRef, ArtifactStore } from "../core/ports/artifacts.ts";
import { artifactPath, openArtifactFolder } from "./artifacts.ts";
import { diskFileSystem, type FileSystem } from "./file-system.ts";
import { hasArtifacts } from "./named-artifacts.ts";

let root: string;
let store: ArtifactStore;
let shard: ArtifactRef;
let folder: ArtifactRef;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ratchet-named-"));
  store = await openArtifactFolder(root, async () => undefined);
  shard = await store.putJson("shard", [1, 2]);
  const staging = await store.stagingFolder();
  await writeFile(join(staging, "rows.bin"), "rows");
  folder = await store.adoptFolder("set", staging, {});
});
afterEach(() => rm(root, { recursive: true, force: true }));

const named = (fs: FileSystem = diskFileSystem) => hasArtifacts(fs, root, [{ ...shard }, { ...folder }]);
const failing = (operation: "lstat" | "open" | "readFile" | "readdir", code: string): FileSystem => ({
  ...diskFileSystem,
  [operation]: () => Promise.reject(Object.assign(new Error(`${code}: it fails`), { code })),
});

describe("what a step's result names", () => {
  it("is there while it is whole, and lost once it is gone or damaged", async () => {
    expect(await named()).toBe(true);
    await writeFile(join(artifactPath(root, folder), "rows.bin"), "cows");
    expect(await named()).toBe(false);
    await rm(artifactPath(root, folder), { recursive: true });
    expect(await named()).toBe(false);
  });

  it.each(["lstat", "open", "readFile", "readdir"] as const)(
    "is not lost where %s fails: that says nothing of it",
    async (operation) => {
      for (const code of ["EIO", "EMFILE", "EACCES"])
        await expect(named(failing(operation, code))).rejects.toMatchObject({
          type: "StorageUnavailable",
          retryable: true,
          message: expect.stringContaining(`(${code})`),
        });
      for (const code of ["ENOMEM", "EAGAIN", "EBUSY"])
        await expect(named(failing(operation, code))).rejects.toMatchObject({ code });
    },
  );
});

import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ArtifactRef, ArtifactStore } from "../core/ports/artifacts.ts";
import { openArtifactFolder } from "./artifacts.ts";
import { diskFileSystem } from "./file-system.ts";
import { storageError } from "./files.ts";

let root: string;
let held: ArtifactRef[];
let store: ArtifactStore;
const open = () => openArtifactFolder(root, async (ref) => void held.push(ref));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ratchet-artifacts-"));
  held = [];
  store = await open();
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** sha256 of `{"a":[1,2],"b":"é"}` by coreutils. */
const knownHash = "d902c5ef87c42c33059e8d7b7aa30485809a5c0ff84b8d0d285616d5b03f23ea";

async function filledFolder(files: Record<string, string>): Promise<string> {
  const folder = await store.stagingFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

const pathIn = (ref: ArtifactRef) => join(root, ref.kind, ref.hash.slice(0, 2), ref.hash);

describe("the artifact store", () => {
  it("names JSON by the sha256 of its canonical text, whatever the order of members", async () => {
    const ref = await store.putJson("batch", { b: "é", a: [1, 2] });
    expect(ref).toEqual({ kind: "batch", hash: knownHash, bytes: 20 });
    expect(await store.putJson("batch", { a: [1, 2], b: "é" })).toEqual(ref);
    expect(await readFile(pathIn(ref), "utf8")).toBe('{"a":[1,2],"b":"é"}');
    expect(await store.getJson(ref)).toEqual({ a: [1, 2], b: "é" });
  });

  it("goes on where somebody removed its folder while it was open, staging and all", async () => {
    await rm(root, { recursive: true });
    const ref = await store.putJson("batch", [1]);
    expect(await store.getJson(ref)).toEqual([1]);
    expect(await readdir(root)).toEqual([".staging", "batch"]);
  });

  it("says what the disk refuses, also where it is the last step, and what is half-written stays unseen", async () => {
    const refused = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
    const failing = await openArtifactFolder(root, async () => undefined, {
      ...diskFileSystem,
      rename: refused("EACCES"),
      rm: refused("EROFS"),
    });
    await expect(failing.putJson("batch", [4])).rejects.toMatchObject({
      type: "StorageUnavailable",
      message: expect.stringMatching(/^cannot write .*batch.* \(EACCES\): this user may not/),
    });
    await expect(
      failing.adoptFolder("checkpoint", await filledFolder({ "a.bin": "a" }), {}),
    ).rejects.toMatchObject({
      type: "StorageUnavailable",
    });
  });

  it("says which artifact is missing and what to do", async () => {
    const ref = { kind: "batch", hash: "0".repeat(64), bytes: 1 };
    const expected = {
      type: "ArtifactMissing",
      message: expect.stringContaining(`batch ${ref.hash} is not`),
    };
    await expect(store.getJson(ref)).rejects.toMatchObject(expected);
    await expect(store.pathOf(ref)).rejects.toMatchObject(expected);
  });

  it("refuses content that was changed on disk, and a new put mends it", async () => {
    const ref = await store.putJson("batch", [1, 2, 3]);
    await writeFile(pathIn(ref), "[1,2,4]");
    await expect(store.getJson(ref)).rejects.toMatchObject({ type: "ArtifactCorrupt" });
    await expect((await open()).pathOf(ref)).rejects.toMatchObject({ type: "ArtifactCorrupt" });
    await store.putJson("batch", [1, 2, 3]);
    expect(await store.getJson(ref)).toEqual([1, 2, 3]);
  });

  it.each(["../evil", "", "Batch", "a/b", ".staging", "a".repeat(65)])(
    "refuses the kind %j",
    async (kind) => {
      await expect(store.putJson(kind, 1)).rejects.toMatchObject({ type: "InvalidInput" });
      await expect(store.pathOf({ kind, hash: "0".repeat(64), bytes: 1 })).rejects.toMatchObject({
        type: "InvalidInput",
      });
    },
  );

  it("refuses a hash that is a path", async () => {
    const ref = { kind: "batch", hash: `../${"0".repeat(61)}`, bytes: 1 };
    await expect(store.getJson(ref)).rejects.toMatchObject({ type: "InvalidInput" });
  });

  it("leaves nothing in staging", async () => {
    await store.putJson("batch", 1);
    await store.adoptFolder("checkpoint", await filledFolder({ "a.bin": "a" }), {});
    expect(await readdir(join(root, ".staging"))).toEqual([]);
  });
});

describe("adopting a folder", () => {
  it("lists each file in a manifest, whose hash names the folder, after taking a lease", async () => {
    const folder = await filledFolder({ "weights.bin": "hello", "config.json": "{}" });
    const ref = await store.adoptFolder("checkpoint", folder, { parent: null, seed: 7 });
    const manifest =
      '{"files":{"config.json":{"bytes":2,"sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},' +
      '"weights.bin":{"bytes":5,"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}},' +
      '"parent":null,"seed":7}';
    const path = await store.pathOf(ref);
    expect(await readFile(join(path, "manifest.json"), "utf8")).toBe(manifest);
    expect(ref.bytes).toBe(manifest.length + 7);
    expect(held).toEqual([ref]);
    await expect(readdir(folder)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("believes who wrote a file what it holds, until somebody reads it", async () => {
    const folder = await filledFolder({ "weights.bin": "hello", "config.json": "{}" });
    const known = new Map([["weights.bin", { sha256: "0".repeat(64), bytes: 5 }]]);
    const path = await store.pathOf(await store.adoptFolder("checkpoint", folder, {}, known));
    expect(JSON.parse(await readFile(join(path, "manifest.json"), "utf8"))).toMatchObject({
      files: { "config.json": { bytes: 2 }, "weights.bin": known.get("weights.bin") },
    });
    const ref = { kind: "checkpoint", hash: basename(path), bytes: 7 };
    await expect((await open()).pathOf(ref)).rejects.toMatchObject({ type: "ArtifactCorrupt" });
  });

  it("is the same content and reference the second time", async () => {
    const files = { "weights.bin": "hello" };
    const first = await store.adoptFolder("checkpoint", await filledFolder(files), { seed: 7 });
    const second = await filledFolder(files);
    expect(await store.adoptFolder("checkpoint", second, { seed: 7 })).toEqual(first);
    await expect(readdir(second)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("leaves alone what lies there and cannot be read, instead of putting itself in its place", async () => {
    const files = { "a.bin": "aaaa" };
    const ref = await store.adoptFolder("checkpoint", await filledFolder(files), {});
    const readFile = (): Promise<never> =>
      Promise.reject(Object.assign(new Error("EIO: i/o error"), { code: "EIO" }));
    const failing = await openArtifactFolder(root, async () => undefined, { ...diskFileSystem, readFile });
    await expect(failing.adoptFolder("checkpoint", await filledFolder(files), {})).rejects.toMatchObject({
      type: "StorageUnavailable",
    });
    expect(await store.pathOf(ref)).toBe(pathIn(ref));
  });

  it("may be tried again after the lease could not be had", async () => {
    let broken = true;
    store = await openArtifactFolder(root, async () => {
      if (broken) throw new Error("no database");
    });
    const folder = await filledFolder({ "weights.bin": "hello" });
    await expect(store.adoptFolder("checkpoint", folder, {})).rejects.toThrow("no database");
    broken = false;
    const ref = await store.adoptFolder("checkpoint", folder, {});
    expect(await readdir(await store.pathOf(ref))).toEqual(["manifest.json", "weights.bin"]);
  });

  it("detects a changed file, a missing file and a changed manifest when it is next opened", async () => {
    const files = { "a.bin": "aaaa", "b.bin": "bbbb" };
    const damage: [string, (path: string) => Promise<void>][] = [
      ["a.bin has sha256", (path) => writeFile(join(path, "a.bin"), "aaab")],
      ["b.bin is missing", (path) => rm(join(path, "b.bin"))],
      ["manifest.json has sha256", (path) => writeFile(join(path, "manifest.json"), "{}")],
      ["manifest.json is missing", (path) => rm(join(path, "manifest.json"))],
    ];
    for (const [message, change] of damage) {
      const ref = await store.adoptFolder("checkpoint", await filledFolder(files), {});
      await change(pathIn(ref));
      const next = await open();
      await expect(next.pathOf(ref)).rejects.toMatchObject({
        type: "ArtifactCorrupt",
        message: expect.stringContaining(message),
      });
      // Adopting the same content again puts the good copy in the damaged one's place.
      expect(await store.adoptFolder("checkpoint", await filledFolder(files), {})).toEqual(ref);
      expect(await (await open()).pathOf(ref)).toBe(pathIn(ref));
    }
  });

  it("refuses a link, a sub-folder and a strange name, which could reach outside it", async () => {
    const link = await filledFolder({});
    await symlink("/etc/hostname", join(link, "weights.bin"));
    const nested = await filledFolder({});
    await mkdir(join(nested, "sub"));
    for (const folder of [link, nested, await filledFolder({ "-rf": "" })])
      await expect(store.adoptFolder("checkpoint", folder, {})).rejects.toMatchObject({
        type: "InvalidInput",
        message: expect.stringContaining("is not a plain file with a plain name"),
      });
  });

  it("hashes files larger than a block", async () => {
    const folder = await store.stagingFolder();
    await writeFile(join(folder, "zeros.bin"), Buffer.alloc(9 * 1024 * 1024 + 1));
    const ref = await store.adoptFolder("checkpoint", folder, {});
    const manifest = JSON.parse(await readFile(join(await store.pathOf(ref), "manifest.json"), "utf8"));
    expect(manifest.files["zeros.bin"]).toEqual({
      bytes: 9437185,
      sha256: "149b772516c6bdf77ecba81d5085f386fc5053eb64324a7335aefccbc63409fc",
    });
    expect(await (await open()).pathOf(ref)).toBe(pathIn(ref));
  });
});

describe("a full disk", () => {
  it.each(["ENOSPC", "EDQUOT"])("%s names the path and the way out, and may be retried", (code) => {
    const error = storageError(Object.assign(new Error("write"), { code }), "/data/x");
    expect(error).toMatchObject({
      type: "StorageFull",
      retryable: true,
      message: `no space left to write /data/x (${code}); free disk space or point RATCHET_HOME at a larger disk`,
    });
  });
});

describe("a disk that refuses", () => {
  it.each([
    ["EROFS", "the file system is read-only; mount it for writing"],
    ["EACCES", "this user may not; change its permissions"],
    ["EIO", "the disk fails; see the system's log, and replace it"],
  ])("%s names the path and what to do, and may be retried", (code, reason) => {
    const error = storageError(Object.assign(new Error("write"), { code }), "/data/x");
    expect(error).toMatchObject({
      type: "StorageUnavailable",
      retryable: true,
      message: `cannot write /data/x (${code}): ${reason}`,
    });
  });
});

/** The Hub, against a local server that speaks the two endpoints that are used. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { commitOf, fetchFromHub } from "./hub.ts";

const root = mkdtempSync(join(tmpdir(), "ratchet-hub-"));
const sha = "0123456789abcdef0123456789abcdef01234567";
const weights = Buffer.alloc(100_000, "weights");
const contents: Readonly<Record<string, Buffer>> = {
  "config.json": Buffer.from("{}"),
  "tokenizer.json": Buffer.from('{"a": 1}'),
  "model.safetensors": weights,
  "pytorch_model.bin": Buffer.from("a pickle"),
  "README.md": Buffer.from("# A model"),
};
const siblings = (files = contents) =>
  Object.entries(files).map(([rfilename, bytes]) => ({
    rfilename,
    size: bytes.length,
    blobId: createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex"),
    ...(rfilename.startsWith("model") && {
      lfs: { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length, pointerSize: 1 },
    }),
  }));

/** What was asked for, and how the next answers differ from a healthy Hub's. */
let asked: string[];
let listing: () => unknown;
let breaksAfter: number[];
/** Of the download under way. */
let snapshot: string;
let served: Readonly<Record<string, Buffer>>;
let ignoresRange: boolean;

function answer(request: IncomingMessage, response: ServerResponse): void {
  const range = request.headers.range;
  // No connection is kept: on a slow machine one may end just as it is used again.
  response.setHeader("connection", "close");
  asked.push(`${request.url}${range ? ` ${range}` : ""}`);
  const [, name] = /^\/org\/model\/resolve\/\w+\/(.+)$/.exec(request.url!) ?? [];
  if (request.url!.startsWith("/api/models/org/model/revision/")) response.end(JSON.stringify(listing()));
  else if (request.url!.startsWith("/api/models/org/gated/")) response.writeHead(401).end();
  else if (name === undefined || !served[name]) response.writeHead(404).end();
  else {
    const begin = range && !ignoresRange ? Number(/\d+/.exec(range)![0]) : 0;
    const bytes = served[name].subarray(begin);
    response.writeHead(begin > 0 ? 206 : 200, { "content-length": bytes.length });
    const limit = name === "model.safetensors" ? breaksAfter.shift() : undefined;
    if (limit === undefined) response.end(bytes);
    else if (limit === 0) response.destroy();
    else {
      response.write(bytes.subarray(0, limit));
      void arrived(begin + limit).then(() => response.destroy());
    }
  }
}

/** Resolves once so many bytes of the weights are on the disk, or there would be nothing to go on from. */
const arrived = (bytes: number) =>
  vi.waitUntil(
    () =>
      readdirSync(snapshot).some(
        (name) => name.endsWith(".partial") && statSync(join(snapshot, name)).size >= bytes,
      ),
    { timeout: 30_000, interval: 2 },
  );

const server = createServer(answer);
let endpoint: string;
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  asked = [];
  listing = () => ({ sha, siblings: siblings() });
  breaksAfter = [];
  served = contents;
  ignoresRange = false;
});

const cache = () => mkdtempSync(join(root, "cache-"));
const snapshotIn = (cacheFolder: string) => join(cacheFolder, "hub", "org--model", sha);
function fetchModel(cacheFolder: string, over: object = {}, name = "org/model"): Promise<string> {
  snapshot = snapshotIn(cacheFolder);
  const options = { endpoint, token: undefined, offline: false, ...over };
  return fetchFromHub({ repository: name, revision: "main" }, cacheFolder, options);
}
const downloads = () => asked.filter((line) => line.includes("/resolve/"));

describe("a model of the Hub", () => {
  it("comes with the files that a policy needs and no others", async () => {
    const folder = await fetchModel(cache());
    expect(readdirSync(folder).sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
    expect(readFileSync(join(folder, "model.safetensors"))).toEqual(weights);
    expect(asked[0]).toBe("/api/models/org/model/revision/main?blobs=true");
  });

  it("is fetched once, and not at all where nothing may be fetched", async () => {
    const folder = cache();
    const first = await fetchModel(folder);
    const count = downloads().length;
    expect(await fetchModel(folder)).toBe(first);
    expect(downloads()).toHaveLength(count);
    asked = [];
    expect(await fetchModel(folder, { offline: true })).toBe(first);
    expect(asked).toEqual([]);
    await expect(fetchModel(cache(), { offline: true })).rejects.toMatchObject({
      type: "ServiceUnavailable",
      message: expect.stringContaining("hf:org/model@main is not in the cache"),
    });
  });

  it.each([
    ["partial", (file: string) => writeFileSync(file, weights.subarray(0, 70_000))],
    ["damaged", (file: string) => writeFileSync(file, Buffer.alloc(weights.length, "damaged"))],
    ["missing", (file: string) => rmSync(file)],
  ])("is refused where a file is %s and nothing may be fetched", async (_, spoil) => {
    const folder = cache();
    spoil(join(await fetchModel(folder), "model.safetensors"));
    asked = [];
    await expect(fetchModel(folder, { offline: true })).rejects.toMatchObject({
      type: "ServiceUnavailable",
      message: `${sha}/model.safetensors of hf:org/model@main is not in the cache ${join(folder, "hub", "org--model")} and RATCHET_OFFLINE forbids fetching it; unset it once, or name a folder`,
    });
    expect(asked).toEqual([]);
  });

  it("is the commit that its branch is, and that one still once the branch has moved", async () => {
    const folder = cache();
    const at = { endpoint, token: undefined, offline: false };
    const model = { repository: "org/model", revision: "main" };
    expect(await commitOf(model, folder, at)).toBe(sha);
    const moved = "f".repeat(40);
    listing = () => ({ sha: moved, siblings: siblings() });
    asked = [];
    const pinned = { ...model, revision: sha };
    expect(await commitOf(pinned, folder, at)).toBe(sha);
    expect(await fetchFromHub(pinned, folder, at)).toBe(snapshotIn(folder));
    expect(asked.filter((line) => !line.includes(`/resolve/${sha}/`))).toEqual([]);
    expect(await commitOf(model, folder, at)).toBe(moved);
    expect(await commitOf(model, folder, { ...at, offline: true })).toBe(moved);
  });

  it("is fetched again where a cached file was damaged", async () => {
    const folder = await fetchModel(cache());
    writeFileSync(join(folder, "model.safetensors"), Buffer.alloc(weights.length, "damaged"));
    await fetchModel(join(folder, "..", "..", ".."));
    expect(readFileSync(join(folder, "model.safetensors"))).toEqual(weights);
  });

  it("goes on at the byte where a connection broke", async () => {
    breaksAfter = [30_000, 20_000];
    const folder = await fetchModel(cache());
    expect(readFileSync(join(folder, "model.safetensors"))).toEqual(weights);
    const ranges = downloads().filter((line) => line.includes("model.safetensors"));
    expect(ranges).toHaveLength(3);
    expect(ranges[2]).toMatch(/bytes=[1-9]\d*-$/);
  });

  it("goes on where a process that is gone stopped, even if the server sends the whole anew", async () => {
    const folder = cache();
    const left = snapshotIn(folder);
    mkdirSync(left, { recursive: true });
    // Above the largest pid that Linux gives.
    writeFileSync(join(left, "model.safetensors.4194999-0a1b2c3d.partial"), weights.subarray(0, 70_000));
    await fetchModel(folder);
    expect(downloads().at(-1)).toContain("model.safetensors");
    expect(downloads().filter((line) => line.endsWith("bytes=70000-"))).toHaveLength(1);
    expect(readdirSync(left).sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);

    ignoresRange = true;
    breaksAfter = [50_000];
    const again = await fetchModel(cache());
    expect(readFileSync(join(again, "model.safetensors"))).toEqual(weights);
  });

  it("is refused where its bytes have another hash than the Hub names", async () => {
    served = { ...contents, "model.safetensors": Buffer.alloc(weights.length, "changed") };
    const folder = cache();
    await expect(fetchModel(folder)).rejects.toMatchObject({
      type: "ModelUnreadable",
      message: expect.stringMatching(
        /model\.safetensors: its sha256 hash is \w{64}, the Hub promises \w{64}/,
      ),
    });
    expect(readdirSync(snapshotIn(folder))).not.toContain("model.safetensors");
    served = { ...contents, "tokenizer.json": Buffer.from('{"a": 2}') };
    await expect(fetchModel(cache())).rejects.toThrow(/tokenizer\.json: its git hash is/);
    served = { ...contents, "tokenizer.json": Buffer.from('{"a": 12345}') };
    await expect(fetchModel(cache())).rejects.toThrow("sends more than the 8 bytes that the Hub names");
  });

  it("is refused by name where there is none, or no permission, or no safetensors", async () => {
    const options = { type: "InvalidInput", message: expect.stringContaining("answers 404") };
    await expect(fetchModel(cache(), {}, "org/none")).rejects.toMatchObject(options);
    await expect(fetchModel(cache(), {}, "org/gated")).rejects.toThrow("accept its terms and set HF_TOKEN");
    listing = () => ({ sha, siblings: siblings().filter(({ rfilename }) => !rfilename.startsWith("model")) });
    await expect(fetchModel(cache())).rejects.toThrow(
      "cannot read hf:org/model@main: it has neither model.safetensors nor model.safetensors.index.json among its 4 files",
    );
    listing = () => ({ sha: "../../etc", siblings: [] });
    await expect(fetchModel(cache())).rejects.toThrow("it is no list of a model's files: 'sha'");
  });

  it("comes in the parts that its index names, whatever they are called, and without other weights", async () => {
    const sharded = (map: Readonly<Record<string, string>>) => {
      const { "model.safetensors": _whole, ...rest } = contents;
      served = {
        ...rest,
        "model.safetensors.index.json": Buffer.from(JSON.stringify({ weight_map: map })),
        "weights.a.safetensors": Buffer.from("a"),
        "model-00001-of-00002.safetensors": Buffer.from("b"),
        "consolidated.safetensors": Buffer.from("the same once more"),
      };
      listing = () => ({ sha, siblings: siblings(served) });
      return fetchModel(cache());
    };
    const folder = await sharded({
      "a.weight": "weights.a.safetensors",
      "b.weight": "model-00001-of-00002.safetensors",
      "c.weight": "weights.a.safetensors",
    });
    expect(readdirSync(folder).sort()).toEqual([
      "config.json",
      "model-00001-of-00002.safetensors",
      "model.safetensors.index.json",
      "tokenizer.json",
      "weights.a.safetensors",
    ]);
    await expect(sharded({ "a.weight": "gone.safetensors" })).rejects.toThrow(
      "it names 'gone.safetensors', which is no safetensors file of the repository",
    );
    for (const name of ["../weights.safetensors", "/etc/passwd", "..", "a/b.safetensors"])
      await expect(sharded({ "a.weight": name })).rejects.toThrow(
        "model.safetensors.index.json: its weight_map does not give each tensor a file of this folder",
      );
  });

  it("says what to do where the network does not allow it", async () => {
    const nobody = { endpoint: "http://127.0.0.1:9" };
    await expect(fetchModel(cache(), nobody)).rejects.toMatchObject({
      type: "ServiceUnavailable",
      message: expect.stringMatching(
        /cannot fetch http:\/\/127\.0\.0\.1:9\/api.*check the network \(HF_ENDPOINT names a mirror\), or give the path of a folder/,
      ),
    });
    breaksAfter = [10, ...Array(20).fill(0)];
    await expect(fetchModel(cache())).rejects.toMatchObject({ type: "ServiceUnavailable" });
  });
});

/** Downloads that meet: in one process, in two, and with what a process left that only seems to be gone. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { download, type RemoteFile } from "./download.ts";

/** What writing to a file ends with, where it shall end badly. */
let diskError: NodeJS.ErrnoException | undefined;
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  return {
    ...real,
    open: async (...given: Parameters<typeof open>) => {
      const handle = await real.open(...given);
      if (diskError)
        handle.writeFile = (() => Promise.reject(diskError)) as unknown as FileHandle["writeFile"];
      return handle;
    },
  };
});

const root = mkdtempSync(join(tmpdir(), "ratchet-download-"));
const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i) % 251));
const half = content.length / 2;
const file: RemoteFile = {
  name: "weights",
  bytes: content.length,
  hash: { kind: "sha256", hex: createHash("sha256").update(content).digest("hex") },
};

/** The ranges that were asked for; and what an answer waits for in its middle. */
let asked: string[];
let middle: () => Promise<unknown>;
let serves: boolean;
async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  if (!serves) return response.destroy();
  const begin = Number(/\d+/.exec(request.headers.range ?? "0")![0]);
  asked.push(`${begin}-`);
  response.setHeader("connection", "close");
  response.writeHead(begin > 0 ? 206 : 200, { "content-length": content.length - begin });
  if (begin < half) {
    response.write(content.subarray(begin, half));
    await middle();
  }
  return response.end(content.subarray(Math.max(begin, half)));
}
const server = createServer((request, response) => void answer(request, response));
let url: string;
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/weights`;
});
afterAll(() => {
  server.close();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  asked = [];
  middle = async () => {};
  serves = true;
  diskError = undefined;
});

const fresh = () => join(mkdtempSync(join(root, "folder-")), "weights");
const fetchTo = (target: string) => download(file, target, { url, token: undefined });
const expectWhole = (target: string) => {
  expect(readFileSync(target).equals(content)).toBe(true);
  expect(readdirSync(join(target, ".."))).toEqual(["weights"]);
};

describe("a file that is downloaded twice at once", () => {
  it("is fetched once by one process, and anew after that failed", async () => {
    const target = fresh();
    await Promise.all([fetchTo(target), fetchTo(target), fetchTo(target)]);
    expect(asked).toEqual(["0-"]);
    expectWhole(target);
    const other = fresh();
    serves = false;
    await expect(Promise.all([fetchTo(other), fetchTo(other)])).rejects.toThrow("cannot fetch");
    serves = true;
    await fetchTo(other);
    expectWhole(other);
  });

  it("is whole where two processes fetch it", async () => {
    const target = fresh();
    const program = `import { download } from ${JSON.stringify(fileURLToPath(new URL("./download.ts", import.meta.url)))};
      await download(${JSON.stringify(file)}, ${JSON.stringify(target)}, { url: ${JSON.stringify(url)}, token: undefined });`;
    // Both are in the middle of it before either goes on.
    let both = () => {};
    const met = new Promise<void>((resolve) => {
      both = resolve;
    });
    middle = async () => {
      if (asked.length === 2) both();
      await met;
    };
    const ends = [1, 2].map(async () => {
      const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      return (await once(child, "exit"))[0] as number;
    });
    expect(await Promise.all(ends)).toEqual([0, 0]);
    expect(asked).toEqual(["0-", "0-"]);
    expectWhole(target);
  });

  it("goes on with what another left, which may write on without harm", async () => {
    const target = fresh();
    // Above the largest pid that Linux gives; a process of another container is as unknown.
    const left = await open(`${target}.4194999-0a1b2c3d.partial`, "a");
    await left.writeFile(content.subarray(0, 70_000));
    middle = () => left.appendFile("garbage");
    await fetchTo(target);
    expect(asked).toEqual(["70000-"]);
    await left.appendFile("more garbage");
    await left.close();
    expectWhole(target);
  });

  it("begins again where its own bytes were taken by another that did so", async () => {
    const target = fresh();
    const here = () => readdirSync(join(target, "..")).map((name) => join(target, "..", name));
    middle = async () => {
      middle = async () => {};
      await vi.waitUntil(() => here().some((path) => statSync(path).size > 0), {
        timeout: 30_000,
        interval: 2,
      });
      for (const path of here()) rmSync(path);
    };
    await fetchTo(target);
    expect(asked).toEqual(["0-", "0-"]);
    expectWhole(target);
  });
});

describe("a download that the disk refuses", () => {
  it("says that it is the disk, and is not tried again at once", async () => {
    diskError = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const target = fresh();
    await expect(fetchTo(target)).rejects.toMatchObject({
      type: "StorageFull",
      message: `no space left to write ${target} (ENOSPC); free disk space or point RATCHET_HOME at a larger disk`,
    });
    expect(asked).toEqual(["0-"]);
    diskError = undefined;
    await fetchTo(target);
    expectWhole(target);
  });
});

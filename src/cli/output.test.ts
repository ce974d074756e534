import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { watchOutput } from "./output.ts";

let said = "";
const exit = vi.spyOn(process, "exit");
beforeEach(() => {
  said = "";
  exit.mockImplementation((code) => {
    throw new Error(`ended in the middle, with ${code}`);
  });
  vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    said += chunk;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

/** A command that writes twice, neither time to any avail, and ends as it would have with `code`. */
function ended(failure: string, isTTY: boolean, code: number): { code: unknown; said: string } {
  const stream = () => Object.assign(new EventEmitter(), { isTTY }) as unknown as NodeJS.WriteStream;
  const writer = Object.assign(new EventEmitter(), { stdout: stream(), stderr: stream(), exitCode: 0 });
  watchOutput(writer);
  for (const { stdout, stderr } of [writer, writer])
    for (const output of [stdout, stderr])
      output.emit("error", Object.assign(new Error(), { code: failure }));
  writer.exitCode = code;
  writer.emit("exit");
  return { code: writer.exitCode, said };
}

describe("a command whose output cannot be written comes to its end in order", () => {
  it.each([
    ["EPIPE", false],
    ["ERR_STREAM_DESTROYED", false],
    ["EIO", true],
  ])("and quietly where its reader has gone (%s, terminal: %s)", (failure, isTTY) => {
    expect(ended(failure, isTTY, 0)).toEqual({ code: 0, said: "" });
  });

  it.each(["ENOSPC", "EIO"])("and says once that a file did not take it (%s)", (failure) => {
    expect(ended(failure, false, 0)).toEqual({
      code: 2,
      said: `ratchet: standard output cannot be written (${failure}); send it elsewhere\n`,
    });
  });

  it("with the exit code of what else went wrong", () => {
    expect(ended("ENOSPC", false, 130).code).toBe(130);
  });
});

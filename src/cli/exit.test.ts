import { CommanderError } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { RatchetError } from "../core/errors.ts";
import { reportError } from "./exit.ts";

function reported(error: unknown): { code: number; text: string } {
  let text = "";
  vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    text += chunk;
    return true;
  });
  return { code: reportError(error), text };
}
afterEach(() => vi.restoreAllMocks());

describe("how a command ends", () => {
  it("wrong input is 2 and speaks for itself", () => {
    expect(reported(new RatchetError("InvalidInput", "field 'a' = 1 is too small; raise it"))).toEqual({
      code: 2,
      text: "ratchet: field 'a' = 1 is too small; raise it\n",
    });
  });

  it("an unavailable service is 3, a failed run 1", () => {
    expect(reported(new RatchetError("TemporalUnavailable", "x")).code).toBe(3);
    expect(reported(new RatchetError("StorageFull", "x")).code).toBe(3);
    expect(reported(new RatchetError("EnvironmentsExhausted", "x")).code).toBe(1);
  });

  it("a message keeps its first three lines", () => {
    expect(reported(new RatchetError("InvalidInput", "a\nb\nc\nd")).text).toBe("ratchet: a\nb\nc\n");
  });

  it("our own mistake shows one line and no stack", () => {
    expect(reported(new TypeError("x is undefined\nmore"))).toEqual({
      code: 1,
      text: "ratchet: unexpected: x is undefined (RATCHET_LOG_LEVEL=debug shows where)\n",
    });
  });

  it("what commander has said already is not said again", () => {
    expect(reported(new CommanderError(1, "commander.unknownOption", "said"))).toEqual({ code: 2, text: "" });
    expect(reported(new CommanderError(0, "commander.help", "said"))).toEqual({ code: 0, text: "" });
  });
});

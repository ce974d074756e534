import { describe, expect, it } from "vitest";
import { createTurns } from "./turns.ts";

const never = new AbortController().signal;
/** Work that ends when it is told to. */
const held = () => {
  let end = (_value: string) => {};
  const done = new Promise<string>((resolve) => {
    end = resolve;
  });
  return { work: () => done, end };
};

describe("createTurns", () => {
  it("runs one piece of work after the other, in the order they came, failed ones too", async () => {
    const inTurn = createTurns();
    const log: string[] = [];
    const first = held();
    const results = [
      inTurn(never, async () => log.push(await first.work())),
      inTurn(never, () => Promise.reject(new Error("broken"))),
      inTurn(never, async () => log.push("third")),
    ];
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(log).toEqual([]);
    first.end("first");
    await expect(results[1]).rejects.toThrow("broken");
    await Promise.all([results[0], results[2]]);
    expect(log).toEqual(["first", "third"]);
  });

  it("rejects at once what is aborted while it waits, and keeps the others apart", async () => {
    const inTurn = createTurns();
    const first = held();
    const controller = new AbortController();
    const log: string[] = [];
    const running = inTurn(never, first.work);
    const waiting = inTurn(controller.signal, async () => log.push("waiting"));
    const last = inTurn(never, async () => log.push("last"));
    controller.abort(new Error("not wanted"));
    await expect(waiting).rejects.toThrow("not wanted");
    expect(log).toEqual([]);
    first.end("first");
    await Promise.all([running, last]);
    expect(log).toEqual(["last"]);
  });

  it("never starts what was aborted before it came", async () => {
    const inTurn = createTurns();
    await expect(inTurn(AbortSignal.abort(new Error("late")), async () => 1)).rejects.toThrow("late");
    expect(await inTurn(never, async () => 2)).toBe(2);
  });
});

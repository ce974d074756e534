import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { silence } from "./liveness.ts";

const patience = { everyMs: 5, answerMs: 50, silentMs: 100 };

describe("silence", () => {
  it("is not that of a process that answers now and then", async () => {
    const ended = new AbortController();
    let asked = 0;
    const watched = silence(
      async () => {
        if (++asked % 3 !== 0) throw new Error("busy");
        if (asked > 90) ended.abort(new Error("ended"));
      },
      patience,
      ended.signal,
    );
    await expect(watched).rejects.toThrow();
    expect(asked).toBeGreaterThan(90);
  });

  it("is noticed where no question is answered, not even with an error", async () => {
    const never = (signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await silence(never, patience, new AbortController().signal);
  });

  it("is noticed where the question is asked on and on, though garbage is collected meanwhile", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const onAndOn = async (signal: AbortSignal) => {
      for (;;) {
        signal.throwIfAborted();
        collectGarbage();
        await sleep(1);
      }
    };
    await silence(onAndOn, patience, new AbortController().signal);
  });
});

import { MockActivityEnvironment } from "@temporalio/testing";
import { describe, expect, it } from "vitest";
import { handingBack } from "./ending.ts";

/** An activity that pays no heed to its cancellation, as most do, and the way it ended. */
function heedless() {
  let end = (_: string) => {};
  const work = new Promise<string>((resolve) => {
    end = resolve;
  });
  const environment = new MockActivityEnvironment({}, { interceptors: [handingBack] });
  return { end, environment, outcome: environment.run(() => work) };
}

describe("an activity of a worker that ends", () => {
  it("is let go of when the grace is over", async () => {
    const { environment, outcome } = heedless();
    environment.cancel("WORKER_SHUTDOWN");
    await expect(outcome).rejects.toThrow("WORKER_SHUTDOWN");
  });

  it("is otherwise left to its own end, cancelled or not", async () => {
    const { end, environment, outcome } = heedless();
    environment.cancel("TIMED_OUT");
    end("done");
    expect(await outcome).toBe("done");
  });
});

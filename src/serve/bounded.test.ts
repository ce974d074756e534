import { expect, it } from "vitest";
import type { Sandbox } from "../core/ports/sandbox.ts";
import { bounded } from "./bounded.ts";

it("runs no more at a time than allowed, all of them, in order", async () => {
  const begun: (() => void)[] = [];
  const slow: Sandbox = {
    run: () => new Promise((resolve) => begun.push(() => resolve([]))),
    close: async () => {},
  };
  const limited = bounded(slow, 2);
  const runs = Array.from({ length: 5 }, () => limited.run([]));
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  for (const most of [2, 3, 4, 5]) {
    expect(begun.length).toBe(most);
    begun[most - 2]!();
    await settle();
  }
  begun[4]!();
  await expect(Promise.all(runs)).resolves.toHaveLength(5);
});

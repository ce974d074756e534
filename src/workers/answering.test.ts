import { expect, it } from "vitest";
import { answering } from "./answering.ts";

it("tells whether the answer came", async () => {
  expect(await answering(async () => "yes", 1_000)()).toBe(true);
  expect(await answering(() => Promise.reject(new Error("gone")), 1_000)()).toBe(false);
});

it("asks one that is stuck only once, and takes its late answer for the next question", async () => {
  let asked = 0;
  let answer = () => {};
  const answers = answering(() => {
    asked += 1;
    return new Promise<void>((resolve) => {
      answer = resolve;
    });
  }, 20);
  expect([await answers(), await answers()]).toEqual([false, false]);
  expect(asked).toBe(1);
  const next = answers();
  answer();
  expect(await next).toBe(true);
});

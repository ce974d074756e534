import { expect, it } from "vitest";
import { inWindow } from "./fan-out.ts";

it("where one of several fails, the others under way end first and no other begins", async () => {
  const told: string[] = [];
  const failures: (() => void)[] = [];
  const ends: (() => void)[] = [];
  const run = async (item: string) => {
    told.push(`${item} begins`);
    if (item === "a")
      await new Promise<void>((_, reject) => failures.push(() => reject(new Error("diverged"))));
    await new Promise<void>((resolve) => ends.push(resolve));
    told.push(`${item} ends`);
  };
  const all = inWindow(["a", "b", "c"], 2, run).catch((error: Error) => told.push(error.message));
  failures[0]!();
  await new Promise((resolve) => setTimeout(resolve));
  expect(told).toEqual(["a begins", "b begins"]);
  ends[0]!();
  await all;
  expect(told).toEqual(["a begins", "b begins", "b ends", "diverged"]);
});

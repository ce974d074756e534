import { expect, it } from "vitest";
import { onceForEachAsking } from "./asking.ts";

it("a Ctrl-C that npm hands on is the same as the terminal's, a later one is another", () => {
  let now = 1_000;
  const acted: number[] = [];
  const onSignal = onceForEachAsking(
    () => void acted.push(now),
    () => now,
  );
  for (const at of [1_000, 1_004, 1_500, 1_799, 1_801]) {
    now = at;
    onSignal();
  }
  expect(acted).toEqual([1_000, 1_500, 1_801]);
});

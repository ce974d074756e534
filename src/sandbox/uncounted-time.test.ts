import { expect, it } from "vitest";
import { createUncountedTime } from "./uncounted-time.ts";

const portions = { ms: 50, most: 4 };

it("is all the time since it was first asked, where no steps were told", () => {
  const time = createUncountedTime(portions);
  expect([700, 750, 1_700].map((ms) => time.at(ms))).toEqual([0, 50, 1_000]);
});

it("leaves out what the told steps may take, but saves no more than one portion of it for later", () => {
  const time = createUncountedTime(portions);
  time.at(0);
  time.told(1);
  expect(time.at(80)).toBe(30);
  time.told(3);
  expect(time.at(100)).toBe(-50);
  expect(time.at(1_100)).toBe(950);
});

it("believes no more portions than a call can have", () => {
  const time = createUncountedTime(portions);
  time.at(0);
  time.told(1_000);
  expect(time.at(1_000)).toBe(800);
  time.told(1);
  expect(time.at(1_100)).toBe(900);
});

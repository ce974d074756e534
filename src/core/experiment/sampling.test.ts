import { describe, expect, it } from "vitest";
import { samplingSchema } from "./sampling.ts";

describe("a sampling's temperature", () => {
  it("is 0, or high enough that it differs from that", () => {
    const refused = (temperature: number) =>
      samplingSchema.safeParse({ temperature }).error?.issues[0]?.message;
    for (const temperature of [0, 1e-6, 0.7, 5]) expect(refused(temperature)).toBeUndefined();
    for (const temperature of [1e-45, 1e-7])
      expect(refused(temperature)).toBe("must be 0, which is greedy, or at least 0.000001");
  });
});

import { describe, expect, it } from "vitest";
import { describeNumerics, describeRunNumerics, type Numerics, numericsMismatch } from "./numerics.ts";

const recorded: Numerics = {
  engineVersion: 7,
  onnxruntime: "1.30.0",
  node: 20,
  arch: "x64",
  cpu: "avx avx2 fma",
  threads: 2,
};

describe("describeNumerics", () => {
  it("names what bits depend on, the same each time", () => {
    const here = describeNumerics(3);
    expect(here).toEqual({
      engineVersion: 7,
      onnxruntime: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      node: Number(process.versions.node.split(".")[0]),
      arch: process.arch,
      cpu: expect.any(String),
      threads: 3,
    });
    expect(describeNumerics(3)).toEqual(here);
    expect(describeRunNumerics(3)).toEqual({ ...here, engineVersion: "7.2" });
  });
});

describe("numericsMismatch", () => {
  it("is undefined where nothing differs", () => {
    expect(numericsMismatch(recorded, { ...recorded })).toBeUndefined();
  });

  it("names the field, both values and the way out", () => {
    const error = numericsMismatch(recorded, { ...recorded, threads: 4 });
    expect(error).toMatchObject({
      type: "NumericsMismatch",
      retryable: false,
      message:
        "numerics: threads is '4' and this run recorded '2', so its bits could not be kept; set RATCHET_THREADS to the recorded count, or start a run with another seed, or let it go on with other bits: npx ratchet resume RUN --accept-numerics",
      fields: { field: "threads", recorded: 2, present: 4 },
    });
  });

  it("sees every field", () => {
    for (const field of Object.keys(recorded) as (keyof Numerics)[])
      expect(numericsMismatch(recorded, { ...recorded, [field]: "other" })?.fields.field).toBe(field);
  });
});

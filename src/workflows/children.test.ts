import { defaultPayloadConverter, RawValue } from "@temporalio/common";
import { expect, it } from "vitest";
import { Children } from "./children.ts";
import { heard } from "./heard.ts";

const parked = { state: "parked", waitsFor: "a disk" };

it("a child is as it says of itself", () => {
  const children = new Children();
  children.join("run.s0", []);
  children.hear("run.s0", parked);
  expect(children.states()).toEqual({ "run.s0": parked });
});

it.each([
  ["of none of its children", ["run.s1", parked]],
  ["without a state", ["run.s0", null]],
  ["of a state that there is not", ["run.s0", { state: "happy", waitsFor: null }]],
  ["that waits for no sentence", ["run.s0", { state: "parked", waitsFor: 3 }]],
  ["without anything", [undefined, undefined]],
] as const)("what anybody signals %s is passed over", (_, [workflowId, said]) => {
  const children = new Children();
  children.join("run.s0", []);
  children.hear(workflowId, said);
  expect(children.states()).toEqual({ "run.s0": { state: "running", waitsFor: null } });
});

it("a payload is read where it can be, and is nothing where it cannot", () => {
  expect(heard(new RawValue(parked))).toEqual(parked);
  for (const encoding of ["odd/one", "json/plain"]) {
    const metadata = { encoding: new TextEncoder().encode(encoding) };
    const unreadable = { metadata, data: new TextEncoder().encode("{") };
    expect(() => defaultPayloadConverter.fromPayload(unreadable)).toThrow();
    expect(heard(RawValue.fromPayload(unreadable))).toBeUndefined();
  }
});

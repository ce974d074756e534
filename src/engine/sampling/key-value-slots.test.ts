import { describe, expect, it } from "vitest";
import type { LlamaConfig } from "../model/config.ts";
import { KeyValueSlots } from "./key-value-slots.ts";

const config = { layers: 1, kvHeads: 2, headSize: 1 } as LlamaConfig;
/** [2 heads, 2 tokens, 1]: head 0 holds 1 and 2, head 1 holds 3 and 4; values are negative. */
const source = { keys: Float32Array.of(1, 2, 3, 4), values: Float32Array.of(-1, -2, -3, -4) };
const keysOf = (slots: KeyValueSlots, count: number) => [
  ...(slots.tensors(count)[0]!.keys.data as Float32Array),
];

describe("KeyValueSlots", () => {
  it("writes the first tokens of a source head by head", () => {
    const slots = new KeyValueSlots(config, 2, 3);
    slots.write(0, 1, 1, source, 2, 2);
    slots.write(0, 0, 0, source, 2, 1);
    expect(keysOf(slots, 2)).toEqual([1, 0, 0, 3, 0, 0, 0, 1, 2, 0, 3, 4]);
    expect([...(slots.tensors(2)[0]!.values.data as Float32Array)].slice(6)).toEqual([0, -1, -2, 0, -3, -4]);
  });

  it("shows the first slots as one tensor over the same memory", () => {
    const slots = new KeyValueSlots(config, 2, 3);
    const [tensors] = slots.tensors(1);
    expect(tensors!.keys.dims).toEqual([2, 3, 1]);
    slots.write(0, 0, 0, source, 2, 1);
    expect((tensors!.keys.data as Float32Array)[0]).toBe(1);
  });

  it("keeps what it holds when slots are copied and made longer", () => {
    const slots = new KeyValueSlots(config, 2, 3, 2);
    slots.write(0, 1, 0, source, 2, 2);
    slots.copy(1, 0);
    slots.reserve(3, 2);
    expect(slots.tokens).toBe(3);
    expect(keysOf(slots, 2)).toEqual([1, 2, 0, 3, 4, 0, 1, 2, 0, 3, 4, 0]);
  });

  it("asks for memory once, whatever it grows to", () => {
    const slots = new KeyValueSlots(config, 2, 64, 2);
    const memory = () => slots.tensors(1)[0]!.keys.data as Float32Array;
    const before = memory().buffer;
    expect(before.byteLength).toBe(2 * 2 * 64 * 4);
    slots.reserve(64, 1);
    expect(memory().buffer).toBe(before);
    expect(memory()).toHaveLength(2 * 64);
  });
});

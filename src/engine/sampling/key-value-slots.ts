/**
 * Keys and values of many sequences, each in a slot of fixed length: per layer [slots, kvHeads, tokens, D], so that the
 * first n slots are one contiguous tensor that is fed without a copy. What was never written is zero and must be masked.
 */
import type { LlamaConfig } from "../model/config.ts";
import { f32, type HostTensor } from "../runtime/session.ts";

/** Keys and values of the same tokens: [kvHeads, tokens, D] each. */
export interface KeysAndValues {
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

export interface SlotTensors {
  /** [n * kvHeads, tokens, D] */
  readonly keys: HostTensor;
  readonly values: HostTensor;
}

export class KeyValueSlots {
  readonly #heads: number;
  readonly #headSize: number;
  readonly #slots: number;
  #tokens: number;
  #layers: readonly KeysAndValues[];

  /** @param tokens length of a slot; `reserve` can raise it. */
  constructor(config: LlamaConfig, slots: number, tokens: number) {
    this.#heads = config.kvHeads;
    this.#headSize = config.headSize;
    this.#slots = slots;
    this.#tokens = tokens;
    this.#layers = Array.from({ length: config.layers }, () => this.#emptyLayer());
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** Makes every slot at least this long, keeping what it holds. */
  reserve(tokens: number): void {
    if (tokens <= this.#tokens) return;
    const shorter = this.#tokens * this.#headSize;
    this.#tokens = tokens;
    this.#layers = this.#layers.map((old) => {
      const layer = this.#emptyLayer();
      for (const name of ["keys", "values"] as const)
        for (let row = 0; row < this.#slots * this.#heads; row++)
          layer[name].set(
            old[name].subarray(row * shorter, (row + 1) * shorter),
            row * tokens * this.#headSize,
          );
      return layer;
    });
  }

  /** Writes the first `count` of the source's `length` tokens at `position` of a slot. */
  write(layer: number, slot: number, position: number, source: KeysAndValues, length: number, count: number) {
    const size = this.#headSize;
    const target = this.#layers[layer]!;
    for (let head = 0; head < this.#heads; head++) {
      const from = head * length * size;
      const to = ((slot * this.#heads + head) * this.#tokens + position) * size;
      target.keys.set(source.keys.subarray(from, from + count * size), to);
      target.values.set(source.values.subarray(from, from + count * size), to);
    }
  }

  /** Slot `to` becomes a copy of slot `from`. */
  copy(from: number, to: number): void {
    const size = this.#heads * this.#tokens * this.#headSize;
    for (const { keys, values } of this.#layers) {
      keys.copyWithin(to * size, from * size, (from + 1) * size);
      values.copyWithin(to * size, from * size, (from + 1) * size);
    }
  }

  /** Views of the first `count` slots, layer by layer; invalid after `reserve`. */
  tensors(count: number): SlotTensors[] {
    const shape = [count * this.#heads, this.#tokens, this.#headSize];
    const elements = count * this.#heads * this.#tokens * this.#headSize;
    return this.#layers.map(({ keys, values }) => ({
      keys: f32(keys.subarray(0, elements), shape),
      values: f32(values.subarray(0, elements), shape),
    }));
  }

  #emptyLayer(): KeysAndValues {
    const elements = this.#slots * this.#heads * this.#tokens * this.#headSize;
    return { keys: new Float32Array(elements), values: new Float32Array(elements) };
  }
}

/**
 * Keys and values of many sequences, each in a slot of fixed length: per layer [slots, kvHeads, tokens, D], so that the
 * first n slots are one contiguous tensor that is fed without a copy. What was not written is some finite value and must be
 * masked.
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

/** Keys and values of one token of one sequence, in all layers. */
export const bytesPerToken = ({ layers, kvHeads, headSize }: LlamaConfig) =>
  layers * 2 * kvHeads * headSize * 4;

export class KeyValueSlots {
  readonly #heads: number;
  readonly #headSize: number;
  #tokens: number;
  readonly #layers: readonly KeysAndValues[];

  /**
   * @param mostTokens length that a slot may come to have. Memory is asked for once, for slots of that length, and the
   * system gives it page by page as slots fill: growing needs no second copy.
   * @param tokens length of a slot until `reserve` raises it.
   */
  constructor(config: LlamaConfig, slots: number, mostTokens: number, tokens = mostTokens) {
    this.#heads = config.kvHeads;
    this.#headSize = config.headSize;
    this.#tokens = tokens;
    const elements = slots * config.kvHeads * mostTokens * config.headSize;
    this.#layers = Array.from({ length: config.layers }, () => ({
      keys: new Float32Array(elements),
      values: new Float32Array(elements),
    }));
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** Makes every slot at least this long, keeping what the first `count` hold; the others may hold anything. */
  reserve(tokens: number, count: number): void {
    if (tokens <= this.#tokens) return;
    const [shorter, longer] = [this.#tokens * this.#headSize, tokens * this.#headSize];
    this.#tokens = tokens;
    // From the last row on, so that none is written over before it has moved.
    for (const { keys, values } of this.#layers)
      for (const data of [keys, values])
        for (let row = count * this.#heads - 1; row >= 0; row--) {
          data.copyWithin(row * longer, row * shorter, (row + 1) * shorter);
          data.fill(0, row * longer + shorter, (row + 1) * longer);
        }
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
}

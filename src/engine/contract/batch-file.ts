/** A token forest as a safetensors file; what is no forest is refused by the tensor that is wrong. */
import { RatchetError } from "../../core/errors.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import type { TokenForest } from "./batch.ts";

const integers = ["ids", "parents", "mini_batches", "masks"] as const;
const floats = ["advantages", "old_logprobs"] as const;

export async function writeBatchFile(file: string, forest: TokenForest): Promise<void> {
  const { ids, parents, miniBatches, masks, advantages, oldLogprobs } = forest;
  const all = { ids, parents, mini_batches: miniBatches, masks, advantages, old_logprobs: oldLogprobs };
  await writeSafetensors(
    file,
    Object.entries(all).map(([name, data]) => ({
      name,
      dtype: data instanceof Int32Array ? ("I32" as const) : ("F32" as const),
      shape: [data.length],
      read: () => data,
    })),
  );
}

/** Throws InvalidInput or ModelUnreadable. */
export async function readBatchFile(file: string): Promise<TokenForest> {
  const tensors = await readSafetensors(file);
  const wrong = (name: string, what: string) =>
    new RatchetError(
      "InvalidInput",
      `batch ${file}: tensor '${name}' ${what}; see docs/contracts/trainer.md`,
      {
        field: name,
      },
    );
  const tokens = tensors.get("ids")?.data.length ?? 0;
  if (tokens === 0) throw wrong("ids", "is missing or empty");
  const read = <T extends Int32Array | Float32Array>(name: string, type: new (length: number) => T): T => {
    const { data, shape } = tensors.get(name) ?? {};
    if (!(data instanceof type))
      throw wrong(name, `is not ${type === (Int32Array as unknown) ? "I32" : "F32"}`);
    if (shape!.length !== 1 || data.length !== tokens)
      throw wrong(name, `has shape [${shape}] and not [${tokens}], that of ids`);
    return data;
  };
  const [ids, parents, miniBatches, masks] = integers.map((name) => read(name, Int32Array));
  const [advantages, oldLogprobs] = floats.map((name) => read(name, Float32Array));
  for (let i = 0; i < tokens; i++) {
    const parent = parents![i]!;
    if (parent < -1 || parent >= i)
      throw wrong("parents", `[${i}] is ${parent}; a parent stands before its child`);
    if (parent >= 0 && miniBatches![parent] !== miniBatches![i])
      throw wrong("mini_batches", `[${i}] is ${miniBatches![i]} and its parent's is ${miniBatches![parent]}`);
    if (masks![i] !== 0 && masks![i] !== 1) throw wrong("masks", `[${i}] is ${masks![i]}; it must be 0 or 1`);
    const before = i === 0 ? 0 : miniBatches![i - 1]!;
    if (miniBatches![i]! > before + 1 || (i === 0 && miniBatches![i] !== 0))
      throw wrong("mini_batches", `[${i}] is ${miniBatches![i]}; steps begin at 0 and leave none out`);
    if (i > 0 && miniBatches![i]! < miniBatches![i - 1]!)
      throw wrong("mini_batches", `[${i}] is less than the one before`);
  }
  return {
    ids: ids!,
    parents: parents!,
    miniBatches: miniBatches!,
    masks: masks!,
    advantages: advantages!,
    oldLogprobs: oldLogprobs!,
  };
}

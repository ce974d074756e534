/** Values from a file are finite, or the file is refused by the tensor and the element that is not. */
import type { TensorData } from "./safetensors.ts";
import { unreadable } from "./unreadable.ts";

/** Gives the data back. */
export function requireFinite(file: string, name: string, data: TensorData): TensorData {
  // A finite value times 0 is 0 and any other NaN, which a sum keeps: no branch for each of a hundred million values.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! * 0;
  if (sum === 0) return data;
  const at = data.findIndex((value: number) => !Number.isFinite(value));
  throw unreadable(file, `tensor '${name}' holds ${data[at]} at element ${at}`, { name });
}

/** The parameters of an arena as the tensors of a file: each there, once, in its own shape. */
import type { Parameters } from "../model/weights.ts";
import type { Place, TensorSource } from "./safetensors.ts";
import { unreadable } from "./unreadable.ts";

export function sourcesOf(parameters: Parameters, prefix: string): TensorSource[] {
  return [...parameters.tensors].map(([name, { shape, data }]) => ({
    name: prefix + name,
    dtype: "F32",
    shape,
    read: () => data,
  }));
}

/** Reads tensors named `prefix + parameter` into the arena. */
export function placeIn(file: string, parameters: Parameters, prefix: string, describedBy: string): Place {
  return (name, shape, dtype) => {
    const tensor = name.startsWith(prefix) ? parameters.tensors.get(name.slice(prefix.length)) : undefined;
    requireShape(file, name, shape, tensor?.shape, describedBy);
    if (dtype === "I32") throw unreadable(file, `tensor '${name}' holds integers`, { name });
    return tensor!.data;
  };
}

/** `expected` is undefined where the model has no such tensor. */
function requireShape(
  file: string,
  name: string,
  shape: readonly number[],
  expected: readonly number[] | undefined,
  describedBy: string,
): void {
  if (expected === undefined)
    throw unreadable(file, `tensor '${name}' has no place in the model that ${describedBy} describes`, {
      name,
    });
  if (`${shape}` !== `${expected}`)
    throw unreadable(file, `tensor '${name}' is [${shape}] where ${describedBy} asks for [${expected}]`, {
      name,
    });
}

export function requireAll(
  file: string,
  names: Iterable<string>,
  prefix: string,
  found: { has(name: string): boolean },
): void {
  for (const name of names)
    if (!found.has(prefix + name)) throw unreadable(file, `it has no tensor '${prefix}${name}'`, { name });
}

/** Fields of inputs whose limits `bounds.ts` says. */
import { z } from "zod";
import { type Bounds, bounds } from "./bounds.ts";

export function bounded(name: keyof typeof bounds): z.ZodNumber {
  const { least, most, aboveLeast, belowMost }: Bounds = bounds[name];
  const from = aboveLeast ? z.number().gt(least) : z.number().min(least);
  if (most === undefined) return from;
  return belowMost ? from.lt(most) : from.max(most);
}

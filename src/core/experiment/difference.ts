/** How settings differ, told leaf by leaf: between a run and its fork, and between an input and what a person changed. */
import type { Json } from "../json.ts";

/** A setting that is not what it was. */
export interface Difference {
  /** Dotted: "sampling.temperature". */
  readonly name: string;
  /** Null where it is absent. */
  readonly from: Json;
  readonly to: Json;
}

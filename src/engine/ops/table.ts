/** Every operation that can be differentiated. Each entry is tested in the same three ways (`operations.test.ts`). */
import { attentionOperation } from "./attention.ts";
import {
  addOperation,
  clipOperation,
  expOperation,
  maximumOperation,
  minimumOperation,
  multiplyOperation,
  negateOperation,
  subtractOperation,
  sumOperation,
} from "./elementwise.ts";
import {
  concatOperation,
  gatherOperation,
  reshapeOperation,
  splitOperation,
  transposeOperation,
} from "./layout.ts";
import { rmsNormOperation, softmaxOperation } from "./normalize.ts";
import type { Operation } from "./operation.ts";
import { linearOperation, matmulOperation } from "./products.ts";
import { ropeOperation } from "./rope.ts";
import { swigluOperation } from "./swiglu.ts";

/** Attributes differ from entry to entry; a call carries the ones that its own operation was applied with. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where operations of different attributes meet
const all: readonly Operation<any>[] = [
  linearOperation,
  matmulOperation,
  addOperation,
  subtractOperation,
  multiplyOperation,
  negateOperation,
  expOperation,
  minimumOperation,
  maximumOperation,
  clipOperation,
  sumOperation,
  rmsNormOperation,
  softmaxOperation,
  ropeOperation,
  swigluOperation,
  gatherOperation,
  reshapeOperation,
  transposeOperation,
  concatOperation,
  splitOperation,
  attentionOperation,
];

export const operations = new Map(all.map((operation) => [operation.name, operation]));

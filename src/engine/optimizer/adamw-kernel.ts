/**
 * AdamW's arithmetic as a WebAssembly kernel: float64 inside, float32 in memory, the same bytes as the formula in `adamw.ts`
 * written as a loop of TypeScript and a third of its time. Arenas are copied through in chunks that fit a core's cache.
 */
import {
  type Code,
  f32x4,
  f64,
  f64x2,
  get,
  i32,
  instantiate,
  pageBytes,
  repeatWhile,
  set,
  wasmModule,
} from "./wasm.ts";

/** Elements of one chunk: four vectors of 64 KiB. */
const chunk = 2 ** 14;
const bytes = chunk * 4;
/** Addresses of the chunk's weights, gradient and moments. */
const [weightsAt, gradientAt, meanAt, squareAt] = [0, bytes, 2 * bytes, 3 * bytes] as const;

/** Scalars of one step, in the order of the kernel's parameters. */
export interface StepFactors {
  readonly scale: number;
  readonly beta1: number;
  readonly beta2: number;
  /** Learning rate over the correction of the mean's bias. */
  readonly meanRate: number;
  /** 1 over the root of the correction of the square's bias. */
  readonly squareScale: number;
  readonly epsilon: number;
  /** Learning rate times weight decay. */
  readonly decay: number;
}

const { add, subtract, multiply, divide, sqrt, load, toFloat32, fromFloat32 } = f64x2;

/** `at` counts bytes from 0 to `end`; both are locals. */
const overChunk = (at: number, end: number, body: Code): Code =>
  repeatWhile(i32.lessThan(get(at), get(end)), [...body, ...set(at, i32.add(get(at), i32.constant(8)))]);

/** (end) -> the sum of the gradient's squares, even and odd elements apart until the end. */
function squaresFunction() {
  const [end, at, sum, g] = [0, 1, 2, 3];
  const body = [
    ...overChunk(at, end, [
      ...set(g, load(get(at), gradientAt)),
      ...set(sum, add(get(sum), multiply(get(g), get(g)))),
    ]),
    ...f64.add(f64x2.lane(get(sum), 0), f64x2.lane(get(sum), 1)),
  ];
  return {
    name: "squares",
    parameters: [i32.type],
    results: [f64.type],
    locals: [i32.type, f64x2.type, f64x2.type],
    body,
  };
}

/**
 * (end, factors...) changes weights and moments in place -> 0, or NaN where one of them is no longer finite. A mean of
 * float32 values does not overflow, and one that is not finite makes its weight so: weights and squares are looked at.
 */
function stepFunction() {
  const [end, firstFactor, at, g, mean, square, w, zeros, rounded, firstVector] = [
    0, 1, 10, 11, 12, 13, 14, 15, 16, 17,
  ];
  const factors = 9;
  const [scale, beta1, rest1, beta2, rest2, meanRate, squareScale, epsilon, decay] = Array.from(
    { length: factors },
    (_, i) => get(firstVector + i),
  ) as [Code, Code, Code, Code, Code, Code, Code, Code, Code];
  const direction = divide(
    multiply(meanRate, get(mean)),
    add(multiply(sqrt(get(square)), squareScale), epsilon),
  );
  // Adding +0 turns a change of -0 into +0, so that a weight of -0 stays what it is.
  const change = add(add(multiply(decay, get(w)), direction), f64x2.zero);
  // As it is rounded; 0 times what is not finite is NaN, which the sum keeps.
  const watchedStore = (offset: number, x: Code): Code => [
    ...set(rounded, toFloat32(x)),
    ...f32x4.store(get(at), offset, get(rounded)),
    ...set(zeros, f32x4.add(get(zeros), f32x4.multiply(get(rounded), f64x2.zero))),
  ];
  const body = [
    ...Array.from({ length: factors }, (_, i) =>
      set(firstVector + i, f64x2.splat(get(firstFactor + i))),
    ).flat(),
    ...overChunk(at, end, [
      ...set(g, multiply(load(get(at), gradientAt), scale)),
      ...set(mean, add(multiply(beta1, load(get(at), meanAt)), multiply(rest1, get(g)))),
      ...set(
        square,
        add(multiply(beta2, load(get(at), squareAt)), multiply(multiply(rest2, get(g)), get(g))),
      ),
      ...set(w, load(get(at), weightsAt)),
      ...f32x4.store(get(at), meanAt, toFloat32(get(mean))),
      ...watchedStore(squareAt, get(square)),
      ...watchedStore(weightsAt, subtract(get(w), change)),
    ]),
    ...set(zeros, fromFloat32(get(zeros))),
    ...f64.add(f64x2.lane(get(zeros), 0), f64x2.lane(get(zeros), 1)),
  ];
  return {
    name: "step",
    parameters: [i32.type, ...new Array<number>(factors).fill(f64.type)],
    results: [f64.type],
    locals: [i32.type, ...new Array<number>(6 + factors).fill(f64x2.type)],
    body,
  };
}

export interface AdamKernel {
  readonly sumOfSquares: (gradient: Float32Array) => number;
  /** Whether all that it wrote is finite. */
  readonly step: (
    weights: Float32Array,
    gradient: Float32Array,
    m: Float32Array,
    v: Float32Array,
    factors: StepFactors,
  ) => boolean;
}

export function createAdamKernel(): AdamKernel {
  const functions = [squaresFunction(), stepFunction()];
  const { memory, functions: kernel } = instantiate(wasmModule((4 * bytes) / pageBytes, functions));
  const { squares, step } = kernel as Record<"squares" | "step", (...parameters: number[]) => number>;
  const held = (at: number) => new Float32Array(memory, at, chunk);
  const [w, g, m, v] = [held(weightsAt), held(gradientAt), held(meanAt), held(squareAt)];
  /** Bytes of `count` elements, a last odd one's neighbour included. */
  const endOf = (count: number) => 8 * Math.ceil(count / 2);
  return {
    sumOfSquares: (gradient) => {
      let sum = 0;
      for (let start = 0; start < gradient.length; start += chunk) {
        const part = gradient.subarray(start, start + chunk);
        g.set(part);
        if (part.length < chunk) g[part.length] = 0;
        sum += squares(endOf(part.length));
      }
      return sum;
    },
    step: (weights, gradient, mean, square, factors) => {
      const { scale, beta1, beta2, meanRate, squareScale, epsilon, decay } = factors;
      let zeros = 0;
      for (let start = 0; start < weights.length; start += chunk) {
        const end = Math.min(weights.length, start + chunk);
        const count = end - start;
        w.set(weights.subarray(start, end));
        g.set(gradient.subarray(start, end));
        m.set(mean.subarray(start, end));
        v.set(square.subarray(start, end));
        // What an earlier chunk left beside an odd last element stays finite.
        if (count < chunk) [w[count], g[count], m[count], v[count]] = [0, 0, 0, 1];
        const [rest1, rest2] = [1 - beta1, 1 - beta2];
        zeros += step(endOf(count), scale, beta1, rest1, beta2, rest2, meanRate, squareScale, epsilon, decay);
        weights.set(w.subarray(0, count), start);
        mean.set(m.subarray(0, count), start);
        square.set(v.subarray(0, count), start);
      }
      return zeros === 0;
    },
  };
}

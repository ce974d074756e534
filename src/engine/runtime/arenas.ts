/**
 * Memory of weights, gradients and moments that is done with, kept for the next of the same size. An update and the sampling
 * after it need 2.2 GB for SmolLM2-135M; left to the collection of garbage that is freed late and in other places, so that
 * the process grows, and new pages cost the system 0.7 s a GB.
 */

/** An update's weights, gradient and two moments. */
const kept = 4;

export class Arenas {
  readonly #free: Float32Array[] = [];

  /** What it holds is whatever it held. */
  readonly take = (elements: number): Float32Array => {
    const at = this.#free.findIndex(({ length }) => length === elements);
    return at < 0 ? new Float32Array(elements) : this.#free.splice(at, 1)[0]!;
  };

  /** Nobody may use it any more. */
  give(...arenas: readonly Float32Array[]): void {
    this.#free.push(...arenas);
    this.#free.splice(0, this.#free.length - kept);
  }
}

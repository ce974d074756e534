/** The sides of `npm run bench:engine`: processes that are asked for one piece of work at a time, by lines of JSON. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { OptimizerSettings } from "../../src/core/ports/policy.ts";

/** A response to a prompt, as token ids. */
export interface Row {
  readonly prompt: readonly number[];
  readonly response: readonly number[];
  readonly advantage: number;
  /** Old log-probability of each token of the response. */
  readonly logprobs: readonly number[];
}

/** The engine's two modes: a pack's activations kept for the way back, or computed again. Peers have one. */
export type Activations = "kept" | "recomputed";

export interface UpdateCase {
  readonly rows: readonly Row[];
  /** Kept where left out. */
  readonly activations?: Activations;
  readonly klCoefficient: number;
  readonly optimizer: OptimizerSettings;
}

export type SideRequest =
  /** One optimizer step on the rows, forward, backward and AdamW. `microBatch`: rows at once, for those who do not pack. */
  | ({ readonly op: "update"; readonly microBatch?: number } & UpdateCase)
  /** Responses of exactly `tokens` tokens at temperature 1. */
  | {
      readonly op: "sample";
      readonly prompts: readonly (readonly number[])[];
      readonly samples: number;
      readonly tokens: number;
      /** llama.cpp: the prompt once, its state copied to the other sequences. */
      readonly share?: boolean;
    }
  | ({
      readonly op: "iterate";
      readonly prompt: readonly number[];
      readonly samples: number;
      readonly tokens: number;
    } & Omit<UpdateCase, "rows">)
  /** Loss of next tokens over one sequence and its gradient. */
  | { readonly op: "differentiate"; readonly ids: readonly number[]; readonly activations?: Activations }
  | { readonly op: "multiply"; readonly m: number; readonly k: number; readonly n: number }
  /** Log-probabilities of the responses, one row at a time. */
  | { readonly op: "score"; readonly rows: readonly Pick<Row, "prompt" | "response">[] }
  | { readonly op: "encode"; readonly text: string };

export interface Answer {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Largest resident size of the process during the request, MiB. */
  readonly peakMb: number;
  readonly parts?: Readonly<Record<string, number>>;
  /** 10^9 multiplications and additions that each of `parts` has to do, where it is products of matrices. */
  readonly gflop?: Readonly<Record<string, number>>;
  readonly loss?: number;
  readonly gradientNorm?: number;
  readonly uniqueTokens?: number;
  readonly seconds?: number;
  readonly ids?: readonly number[];
  readonly logprobs?: readonly (readonly number[])[];
}

export class Side {
  readonly name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #said = "";

  private constructor(name: string, child: ChildProcessWithoutNullStreams) {
    this.name = name;
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.on("data", (bytes: Buffer) => {
      this.#said = (this.#said + bytes.toString()).slice(-2_000);
    });
  }

  /** Resolves when the side has read its model. */
  static async start(
    name: string,
    command: readonly string[],
    cwd: string,
    threads: number,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Side> {
    const [file, ...rest] = command as [string, ...string[]];
    const count = String(threads);
    const settings = { OMP_NUM_THREADS: count, MKL_NUM_THREADS: count, TOKENIZERS_PARALLELISM: "false" };
    const side = new Side(
      name,
      spawn(file, rest, { cwd, env: { ...process.env, ...settings, ...environment } }),
    );
    await side.#answer();
    return side;
  }

  async ask(request: SideRequest): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return (await this.#answer()) as Answer;
  }

  async end(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.stdin.end();
    await ended;
  }

  /** The next line that is an object; libraries print what they like. */
  async #answer(): Promise<unknown> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`${this.name} ended: ${this.#said}`);
      if (value.startsWith("{")) return JSON.parse(value);
    }
  }
}

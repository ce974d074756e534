/**
 * The one door to ONNX Runtime. A runtime holds the sessions of the graphs that were run last and releases the others,
 * so native memory stays bounded; the same graph, inputs and thread count give the same bytes. Memory arenas are off and
 * threads spin for moments only: a worker shares its machine, and an idle engine must cost nothing.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { RatchetError } from "../../core/errors.ts";

/** A tensor in this process's memory: a view, never a copy, when it is made by `f32` or `i64`. */
export type HostTensor = Tensor;
export type Feeds = Readonly<Record<string, HostTensor>>;

export const f32 = (data: Float32Array, shape: readonly number[]): HostTensor =>
  new Tensor("float32", data, shape);
export const i64 = (data: BigInt64Array, shape: readonly number[]): HostTensor =>
  new Tensor("int64", data, shape);

/** A graph by name. The key must say everything that the bytes depend on: it is what sessions are found by. */
export interface GraphSource {
  readonly key: string;
  readonly build: () => Uint8Array;
}

export interface RuntimeOptions {
  /** Intra-operator threads. Results are bit-identical for one thread count and differ between two. */
  readonly threads: number;
  /** Execution provider of ONNX Runtime: "cpu" wherever nothing else was installed. */
  readonly provider: string;
  /** Sessions kept before the least recently used one is released. */
  readonly sessionCapacity: number;
}

/** From one operation of a graph to the next; waking a thread takes as long as a small one's work. See docs/log.md. */
const spinMicroseconds = 100;

interface Entry {
  readonly session: Promise<InferenceSession>;
  running: number;
}

export class Runtime {
  readonly options: RuntimeOptions;
  /** In order of use, the oldest first. */
  readonly #entries = new Map<string, Entry>();

  constructor(options: RuntimeOptions) {
    this.options = options;
  }

  /**
   * Runs a graph and returns every output by name. An output named in `into` is written to that tensor's memory; keep
   * those small, because ONNX Runtime copies them once more. Feeds that the graph does not read are ignored.
   */
  async run(
    source: GraphSource,
    feeds: Feeds,
    into: Feeds = {},
  ): Promise<Readonly<Record<string, HostTensor>>> {
    const entry = this.#entry(source);
    entry.running++;
    try {
      const session = await entry.session;
      const fetches = Object.fromEntries(session.outputNames.map((name) => [name, into[name] ?? null]));
      return (await session.run(feeds, fetches)) as Record<string, Tensor>;
    } catch (cause) {
      throw new RatchetError(
        "EngineFailure",
        `graph '${source.key}' failed on provider '${this.options.provider}': ${(cause as Error).message}`,
        { graph: source.key, provider: this.options.provider },
        cause,
      );
    } finally {
      entry.running--;
    }
  }

  /** Releases every session; the runtime may be used again. */
  async release(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { session } of entries) await releaseSession(session);
  }

  #entry({ key, build }: GraphSource): Entry {
    const known = this.#entries.get(key);
    const entry = known ?? this.#create(key, build());
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const [oldKey, old] of this.#entries) {
      if (this.#entries.size <= this.options.sessionCapacity) break;
      if (old.running > 0 || old === entry) continue;
      this.#entries.delete(oldKey);
      void releaseSession(old.session);
    }
    return entry;
  }

  /** One that cannot be made is forgotten, so that the graph's next run makes it anew: memory may have been short. */
  #create(key: string, bytes: Uint8Array): Entry {
    const entry: Entry = { session: createSession(bytes, this.options), running: 0 };
    entry.session.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry;
  }
}

/** A session that could not be made has nothing to release; whoever ran it was told. */
const releaseSession = (session: Promise<InferenceSession>) =>
  session.then(
    (made) => made.release(),
    () => {},
  );

function createSession(bytes: Uint8Array, { threads, provider }: RuntimeOptions): Promise<InferenceSession> {
  return InferenceSession.create(bytes, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    enableMemPattern: false,
    enableCpuMemArena: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        intra_op: { allow_spinning: "1", spin_duration_us: String(spinMicroseconds) },
        inter_op: { allow_spinning: "0" },
      },
    },
  });
}

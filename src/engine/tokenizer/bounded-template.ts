/**
 * A chat template that ends: it comes from whoever published the model, and Jinja can loop in loops, or double a text or list
 * without end. Renders what @huggingface/jinja's `Template` renders, and throws where that would take more work or memory than
 * any conversation does. Counted, not timed, so that a template always comes to the same.
 */
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";

interface Value {
  readonly value: unknown;
}
/** A node of the parsed template, as far as it matters here. */
interface Node {
  readonly type: string;
  readonly value?: unknown;
  /** What a `For` goes through, and `lhs` of it where an `if` stands behind. */
  readonly iterable?: Node;
  readonly lhs?: Node;
  readonly filter?: Node;
  readonly callee?: Node;
  readonly args?: readonly Node[];
}
/** The library's types are not found under its module's own rules. */
const Base = Interpreter as unknown as new (
  environment: Environment,
) => { run(program: unknown): Value; evaluate(node: Node | undefined, environment: Environment): Value };

/** Statements and expressions evaluated, and what is looked through in them; a conversation takes some thousands. */
const mostWork = 2 ** 19;
/** What evaluating a value counts for beside 1: a text is scanned faster than a list is gone through. */
const charactersLikeOne = 4096;
const membersLikeOne = 16;
/** Characters of a text, or of all texts in a list: as many as a prompt of half a million tokens has, marked by the codec. */
const mostInOne = 2 ** 22;
/** Characters of all texts that one rendering makes. */
const mostMade = 2 ** 28;
/** What a member of a list or mapping takes, in characters. */
const memberSize = 16;
/** As in the sandbox that transformers renders in (jinja2's MAX_RANGE). */
const longestRange = 100_000;
/** Filters that write as many spaces as they are told to before every line. */
const indenting: readonly unknown[] = ["tojson", "indent"];
const deepestIndent = 64;

/** Throws where it cannot be parsed; what it gives throws where a conversation is refused. */
export function parseTemplate(template: string): (context: Readonly<Record<string, unknown>>) => string {
  // As transformers has Jinja read templates.
  const program = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
  return (context) => {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...globals, ...context })) environment.set(name, value);
    return new BoundedInterpreter(environment).run(program).value as string;
  };
}

const globals = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range: (from: number, to?: number, step = 1) => {
    const [start, stop] = to === undefined ? [0, from] : [from, to];
    if (step === 0) throw new Error("range() is given a step of 0");
    const length = Math.max(0, Math.ceil((stop - start) / step));
    return Array.from(
      { length: bounded(length, longestRange, "members in a range") },
      (_, i) => start + i * step,
    );
  },
  raise_exception: (message: string) => {
    throw new Error(message);
  },
};

class BoundedInterpreter extends Base {
  private work = 0;
  private made = 0;
  /** In characters, and deep: a list that holds another twice counts it twice, as what is made of it will be as long. */
  private readonly sizes = new WeakMap<Value, number>();

  private readonly loopedThrough = new WeakSet<Node>();

  override evaluate(node: Node | undefined, environment: Environment): Value {
    // Before, so that what is evaluated within counts too.
    this.spend(1);
    if (node?.iterable) this.loopedThrough.add(node.iterable.lhs ?? node.iterable);
    if (node?.filter?.callee && indenting.includes(node.filter.callee.value))
      for (const given of node.filter.args ?? [])
        bounded(
          Number(this.evaluate(argumentOf(given), environment).value) || 0,
          deepestIndent,
          "spaces of indent",
        );
    const value = super.evaluate(node, environment);
    this.sizeOf(value);
    const content = value.value;
    if (typeof content === "string") this.spend(Math.floor(content.length / charactersLikeOne));
    else if (isCollection(content))
      this.spend(Math.floor(membersOf(content) / (this.loopedThrough.has(node!) ? 1 : membersLikeOne)));
    return value;
  }

  private spend(work: number): void {
    this.work = bounded(this.work + work, mostWork, "steps");
  }

  /** A value never changes but for namespaces, which are not texts and stand in no list. */
  private sizeOf(value: Value): number {
    const known = this.sizes.get(value);
    if (known !== undefined) return known;
    const content = value.value;
    let size = typeof content === "string" ? bounded(content.length, mostInOne, "characters in a text") : 1;
    let made = size;
    if (isCollection(content)) {
      made = memberSize * membersOf(content);
      size += made;
      for (const member of content.values())
        size = bounded(size + this.sizeOf(member), mostInOne, "characters in a list");
    }
    this.made = bounded(this.made + made, mostMade, "characters in all");
    this.sizes.set(value, size);
    return size;
  }
}

const argumentOf = (given: Node) =>
  given.type === "KeywordArgumentExpression" ? (given.value as Node) : given;

type Collection = readonly Value[] | ReadonlyMap<string, Value>;
const isCollection = (content: unknown): content is Collection =>
  Array.isArray(content) || content instanceof Map;
const membersOf = (collection: Collection) => ("size" in collection ? collection.size : collection.length);

function bounded(amount: number, most: number, what: string): number {
  if (amount <= most) return amount;
  throw new Error(`it asks for more than ${most} ${what}, which no conversation needs`);
}

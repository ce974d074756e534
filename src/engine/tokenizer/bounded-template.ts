/**
 * A chat template that ends: it comes from whoever published the model, and Jinja can loop in loops, or double a text or list
 * without end. Renders what @huggingface/jinja's `Template` renders, and throws where that would take more work or memory than
 * its conversation does. Counted, not timed, so that a template always comes to the same.
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

/**
 * Bounds for a short conversation, and what each member or character of a given one adds: a turn may call its tools a
 * thousand times and be answered by megabytes, which is for the policy's context to refuse. As JSON a text may take 6 times
 * its length, and half of a given one are the codec's marks.
 */
interface Bound {
  readonly least: number;
  readonly each: number;
}
/** Statements and expressions evaluated, and what is looked through in them; a conversation takes some thousands. */
const work: Bound = { least: 2 ** 19, each: 256 };
/** What evaluating a value counts for beside 1: a text is scanned faster than a list is gone through. */
const charactersLikeOne = 4096;
const membersLikeOne = 16;
/** Characters of a text, or of all texts in a list: as many as a prompt of half a million tokens has, marked by the codec. */
const inOne: Bound = { least: 2 ** 22, each: 4 };
/** Characters of all texts that one rendering makes. */
const made: Bound = { least: 2 ** 28, each: 64 };
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
    return new BoundedInterpreter(environment, amountOf(context)).run(program).value as string;
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

interface Amount {
  readonly characters: number;
  readonly members: number;
}

/** What a conversation holds; names of members are the template's or the codec's own, or a document's. */
function amountOf(value: unknown): Amount {
  if (typeof value === "string") return { characters: value.length, members: 0 };
  const members = typeof value === "object" && value !== null ? Object.values(value) : [];
  const amounts = members.map(amountOf);
  return {
    characters: amounts.reduce((sum, { characters }) => sum + characters, 0),
    members: amounts.reduce((sum, amount) => sum + amount.members, members.length),
  };
}

const boundFor = ({ least, each }: Bound, given: number) => least + each * given;

class BoundedInterpreter extends Base {
  private work = 0;
  private made = 0;
  /** In characters, and deep: a list that holds another twice counts it twice, as what is made of it will be as long. */
  private readonly sizes = new WeakMap<Value, number>();
  private readonly loopedThrough = new WeakSet<Node>();
  private readonly mostWork: number;
  private readonly mostInOne: number;
  private readonly mostMade: number;

  constructor(environment: Environment, given: Amount) {
    super(environment);
    this.mostWork = boundFor(work, given.members);
    this.mostInOne = boundFor(inOne, given.characters);
    this.mostMade = boundFor(made, given.characters);
  }

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

  private spend(amount: number): void {
    this.work = bounded(this.work + amount, this.mostWork, "steps");
  }

  /** A value never changes but for namespaces, which are not texts and stand in no list. */
  private sizeOf(value: Value): number {
    const known = this.sizes.get(value);
    if (known !== undefined) return known;
    const content = value.value;
    let size =
      typeof content === "string" ? bounded(content.length, this.mostInOne, "characters in a text") : 1;
    let own = size;
    if (isCollection(content)) {
      own = memberSize * membersOf(content);
      size += own;
      for (const member of content.values())
        size = bounded(size + this.sizeOf(member), this.mostInOne, "characters in a list");
    }
    this.made = bounded(this.made + own, this.mostMade, "characters in all");
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

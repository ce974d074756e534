/**
 * What Python code names: a few pure built-ins and modules, and of whatever it holds a few harmless members. Lists name
 * what is allowed, so that what nobody thought of is refused; a name that is no built-in is the code's own or an error.
 */
import { pythonSignatureOf } from "./python-syntax.ts";
import { depthAt, logicalLines, type Token } from "./python-tokens.ts";

const listed = (...lines: readonly string[]): ReadonlySet<string> =>
  new Set(lines.flatMap((line) => line.split(" ")));

/** Python's built-ins that tools may not name, unless a parameter has the name: what they reach, or what they tell. */
const forbiddenBuiltIns = listed(
  "aiter anext breakpoint bytearray bytes callable classmethod compile copyright credits delattr dir eval exec exit",
  "getattr globals hasattr hash help id input issubclass license locals memoryview object open print property quit",
  "setattr staticmethod super type vars BaseException GeneratorExit KeyboardInterrupt SystemExit",
);

const forbiddenWords = listed("async await class del global with");
const assignments = listed("= += -= *= /= //= %= **= @= &= |= ^= >>= <<=");

const allowedMembers = listed(
  "lower upper casefold strip lstrip rstrip split rsplit splitlines partition rpartition join replace startswith",
  "endswith find rfind index rindex count title capitalize swapcase zfill center ljust rjust isdigit isalpha isalnum",
  "isnumeric isdecimal isspace isupper islower istitle isascii removeprefix removesuffix get items keys values append",
  "extend insert pop remove sort reverse update setdefault copy clear add discard union intersection difference",
  "issubset issuperset year month day days seconds strftime strptime fromisoformat isoformat fromordinal toordinal",
  "weekday isoweekday isocalendar date timedelta datetime total_seconds is_integer as_integer_ratio bit_length",
  "numerator denominator real imag group groups groupdict start end span match fullmatch search findall finditer",
  "hour minute second microsecond microseconds time most_common elements appendleft popleft popitem rotate",
  "move_to_end quantize isdisjoint symmetric_difference expandtabs isprintable lastgroup limit_denominator",
);

const allowedModules: Readonly<Record<string, ReadonlySet<string>>> = {
  bisect: listed("bisect bisect_left bisect_right insort"),
  calendar: listed("day_name isleap month_name monthrange"),
  collections: listed("Counter defaultdict OrderedDict deque"),
  datetime: listed("date datetime time timedelta"),
  decimal: listed("Decimal ROUND_HALF_UP ROUND_HALF_EVEN ROUND_DOWN"),
  fractions: listed("Fraction"),
  functools: listed("reduce"),
  heapq: listed("heapify heappop heappush nlargest nsmallest"),
  itertools: listed(
    "accumulate chain combinations combinations_with_replacement dropwhile filterfalse groupby islice pairwise",
    "permutations product repeat takewhile zip_longest",
  ),
  json: listed("dumps loads"),
  math: listed(
    "acos asin atan atan2 ceil comb copysign cos cosh degrees dist e exp fabs factorial floor fmod fsum gcd hypot inf",
    "isclose isfinite isinf isnan isqrt lcm log log10 log1p log2 nan perm pi pow prod radians sin sinh sqrt tan tanh tau",
    "trunc",
  ),
  re: listed(
    "compile escape findall finditer fullmatch match search split sub subn I IGNORECASE M MULTILINE",
  ),
  statistics: listed("fmean geometric_mean harmonic_mean mean median mode pstdev pvariance stdev variance"),
  string: listed("ascii_letters ascii_lowercase ascii_uppercase digits punctuation"),
  textwrap: listed("dedent shorten wrap"),
  typing: listed(
    "Any Callable Dict Final Iterable Iterator List Literal Mapping Optional Sequence Set Tuple Union",
  ),
  unicodedata: listed("normalize combining category"),
};

export function pythonNameFaults(code: string, tokens: readonly Token[]): string[] {
  const signature = pythonSignatureOf(code);
  const parameters = typeof signature === "string" ? {} : signature.parameters;
  const own = ownNames(tokens, parameters);
  const modules = new Set<string>();
  const lines = logicalLines(tokens);
  const faults = lines.flatMap((line) => importFaults(line, modules));
  if (lines.some(isMatchStatement)) faults.push("uses 'match'");
  const errorClasses = new Set(lines.filter((_, i) => isErrorClass(lines, i)).map(([first]) => first));
  tokens.forEach((token, i) => {
    if (token.kind === "operator" && token.text === "@") faults.push("uses '@'");
    if (token.kind !== "name") return;
    const { text } = token;
    const isMember = isOperator(tokens[i - 1], ".");
    if (text.startsWith("__")) faults.push(isMember ? `reads '.${text}'` : `names '${text}'`);
    else if (isMember) {
      const owner = isOperator(tokens[i - 3], ".") ? undefined : tokens[i - 2];
      const module = owner?.kind === "name" && modules.has(owner.text) ? owner.text : undefined;
      const allowed = module === undefined ? allowedMembers : allowedModules[module]!;
      if (!allowed.has(text) && !formatsPlainly(tokens, i)) faults.push(`reads '${module ?? ""}.${text}'`);
      // What is kept on a function or a module outlives the call.
      const next = tokens[i + 1];
      if (next?.kind === "operator" && assignments.has(next.text))
        faults.push(`sets '${module ?? ""}.${text}'`);
    } else if (forbiddenWords.has(text) && !errorClasses.has(token)) faults.push(`uses '${text}'`);
    else if (forbiddenBuiltIns.has(text) && !own(i)) faults.push(`names '${text}'`);
    else if (modules.has(text) && !isImported(tokens, i) && !isOperator(tokens[i + 1], "."))
      faults.push(`uses '${text}' other than for a member by its name`);
  });
  return [...new Set(faults)];
}

/** `class Refused(ValueError): pass`, a name for an error and nothing else; whatever a class can do, functions can. */
function isErrorClass(lines: readonly (readonly Token[])[], at: number): boolean {
  const [word, , open, base, close, colon, ...rest] = lines[at]!;
  const head = [word, open, close, colon].map((token) => token?.text).join(" ");
  if (head !== "class ( ) :" || base?.kind !== "name") return false;
  const end = lines.findIndex(([first], i) => i > at && (first!.indent ?? 0) <= (word!.indent ?? 0));
  const body = rest.length > 0 ? [rest] : lines.slice(at + 1, end < 0 ? undefined : end);
  return body.every(
    ([first, ...more]) =>
      more.length === 0 && (first!.kind === "string" || ["pass", "..."].includes(first!.text)),
  );
}

/** It reads members by keyword, where no list would see them. Elsewhere `match` and `case` are names like others. */
const isMatchStatement = (line: readonly Token[]): boolean =>
  line[0]?.kind === "name" && line[0].text === "match" && isOperator(line.at(-1), ":");

/**
 * Whether the name at a place is a parameter's, or one that the function's own body gives a value, which makes it the
 * function's from end to end. Defaults and annotations are evaluated where the function is made, and there such a name is
 * still the built-in's.
 */
function ownNames(
  tokens: readonly Token[],
  parameters: Readonly<Record<string, unknown>>,
): (at: number) => boolean {
  const start = tokens.findIndex(
    ({ kind, text, indent }) => kind === "name" && text === "def" && indent === 0,
  );
  const end = tokens.findIndex(({ kind }, i) => i > start && kind === "end of line");
  const isDeclared = (at: number) =>
    depthAt(tokens, at, start) === 1 &&
    ["(", ",", "*"].some((text) => isOperator(tokens[at - 1], text)) &&
    ["=", ",", ")", ":"].some((text) => isOperator(tokens[at + 1], text));
  const given = givenNames(tokens.slice(end + 1));
  return (at) => {
    const { text } = tokens[at]!;
    if (at > end) return Object.hasOwn(parameters, text) || given.has(text);
    return Object.hasOwn(parameters, text) && isDeclared(at);
  };
}

/** Names that statements of a body give a value, `a, b = ...` and `for a, b in ...`, but for those of functions within. */
function givenNames(body: readonly Token[]): ReadonlySet<string> {
  const given = new Set<string>();
  let inner: number | undefined;
  for (const line of logicalLines(body)) {
    const [first] = line;
    const indent = first!.indent ?? 0;
    if (inner !== undefined && indent > inner) continue;
    inner = first!.text === "def" ? indent : undefined;
    const isLoop = first!.text === "for";
    const end = line.findIndex((token) => (isLoop ? token.text === "in" : isOperator(token, "=")));
    const targets = line.slice(isLoop ? 1 : 0, Math.max(end, 0));
    if (targets.every(({ kind, text }, i) => (i % 2 === 0 ? kind === "name" : text === ",")))
      for (const { kind, text } of targets) if (kind === "name") given.add(text);
  }
  return given;
}

/** `"...".format(`: a template in the place of its use, no other literal joined to it; its fields read no members. */
const formatsPlainly = (tokens: readonly Token[], at: number): boolean =>
  tokens[at]!.text === "format" &&
  tokens[at - 2]?.kind === "string" &&
  tokens[at - 3]?.kind !== "string" &&
  !isOperator(tokens[at - 3], ")") &&
  !/\{[^}:!]*[.[]/.test(tokens[at - 2]!.text);

const isOperator = (token: Token | undefined, text: string) =>
  token?.kind === "operator" && token.text === text;

/** Whether the name stands in the very line that imports it. */
function isImported(tokens: readonly Token[], at: number): boolean {
  for (let i = at; i >= 0 && tokens[i]!.kind !== "end of line"; i--)
    if (tokens[i]!.kind === "name" && (tokens[i]!.text === "import" || tokens[i]!.text === "from"))
      return true;
  return false;
}

/** Learns the names of the modules that a line imports. */
function importFaults(line: readonly Token[], modules: Set<string>): string[] {
  const [first, second] = line;
  const imports = line.filter(({ kind, text }) => kind === "name" && text === "import").length;
  if (imports === 0) return [];
  const written = line
    .filter(({ text }) => text !== "(" && text !== ")")
    .map(({ text }) => text)
    .join(" ");
  if (first!.text === "from" && imports === 1 && second?.kind === "name" && line[2]?.text === "import") {
    if (!Object.hasOwn(allowedModules, second.text)) return [`imports '${second.text}'`];
    const allowed = allowedModules[second.text]!;
    const names = written.slice(written.indexOf(" import ") + 8).split(" , ");
    return names.filter((one) => !allowed.has(one)).map((one) => `imports '${one}' of '${second.text}'`);
  }
  if (first!.text !== "import" || imports > 1) return ["imports in a way that this gate cannot read"];
  return written
    .slice("import ".length)
    .split(" , ")
    .flatMap((module) => {
      if (!Object.hasOwn(allowedModules, module)) return [`imports '${module}'`];
      modules.add(module);
      return [];
    });
}

/** Numbers that a text says: in digits, grouped or not, with a word for millions behind them, or in words. */

const small =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split(
    " ",
  );
const units = new Map<string, number>([
  ...small.map((word, i) => [word, i] as const),
  ..."thirty forty fifty sixty seventy eighty ninety"
    .split(" ")
    .map((word, i) => [word, 10 * (i + 3)] as const),
]);
const magnitudes = new Map<string, number>([
  ["dozen", 12],
  ["hundred", 1e2],
  ["thousand", 1e3],
  ["k", 1e3],
  ["million", 1e6],
  ["m", 1e6],
  ["billion", 1e9],
  ["bn", 1e9],
  ["trillion", 1e12],
]);

const grouped = /(?<![\d.])\d{1,3}(?:[,\u00a0\u202f '_]\d{3})+(?!\d)(?:\.\d+)?/g;
const plain = /\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi;

/** Every value that some part of the text may mean: "-" may be a minus sign or a dash, "1,000" one number or two. */
export function numbersSaid(text: string): Set<number> {
  const values = new Set<number>();
  for (const pattern of [grouped, plain])
    for (const { 0: digits, index } of text.matchAll(pattern)) {
      const value = Number(pattern === grouped ? digits.replace(/[^\d.]/g, "") : digits);
      const [, word = ""] = text.slice(index + digits.length).match(/^[\s-]*([a-z]+)/i) ?? [];
      // As it stands there, and without the noise that a product with a fraction has in its last digits.
      for (const said of [value, value * (magnitudes.get(word.toLowerCase()) ?? 1)])
        for (const one of [said, Number(said.toPrecision(15))]) values.add(one).add(-one);
    }
  for (const phrase of text.toLowerCase().split(/[^a-z\s-]+/))
    for (const value of wordsSaid(phrase.match(/[a-z]+/g) ?? [])) values.add(value);
  return values;
}

/** Words in a row as one number, "two hundred and fifty thousand", and each that is one by itself. */
function wordsSaid(words: readonly string[]): number[] {
  const said: number[] = [];
  let [total, part, isOpen] = [0, 0, false];
  const close = () => {
    if (total + part > 0) said.push(total + part);
    [total, part, isOpen] = [0, 0, false];
  };
  for (const word of words) {
    const unit = units.get(word);
    const factor = magnitudes.get(word);
    const count = part === 0 ? 1 : part;
    if (unit !== undefined) {
      said.push(unit);
      part += unit;
      isOpen = true;
    } else if (word === "half") part += 0.5;
    else if (factor !== undefined && (isOpen || part > 0)) {
      // Hundreds may be counted in thousands, thousands in nothing else.
      if (factor < 1e3) part = count * factor;
      else [total, part] = [total + count * factor, 0];
    } else if (word === "a" || word === "an") isOpen = true;
    else if (word !== "and") close();
  }
  close();
  return said;
}

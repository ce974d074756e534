/**
 * The two of Python's `str` methods that differ from JavaScript's and that FTRL's matching and parsing rest on.
 * `lower()` needs no counterpart: both languages follow Unicode's SpecialCasing.
 */

/** Python's `str.isspace` characters; JavaScript's `trim` leaves \x1c-\x1f and \x85, and takes \ufeff. */
const space = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const leading = new RegExp(`^${space}+`);
const whiteSpace = new RegExp(`^${space}$`);

/** `text.strip()` */
export function strip(text: string): string {
  let end = text.length;
  while (end > 0 && whiteSpace.test(text[end - 1]!)) end--;
  return text.slice(0, end).replace(leading, "");
}

/** `text.removesuffix(suffix)` */
export function removeSuffix(text: string, suffix: string): string {
  return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
}

/**
 * Methods of built-in values, by what a call of them gives and whom it calls: as far as it matters to what code may get
 * hold of. A member by any other name is one that data or the code itself put there.
 */

const listed = (...lines: readonly string[]): ReadonlySet<string> =>
  new Set(lines.flatMap((line) => line.split(" ")));

/** Give a text, a number, a truth value or nothing, which hold nothing. */
export const plainResults = listed(
  "charAt charCodeAt clear codePointAt delete endsWith every findIndex findLastIndex forEach fromCharCode fromCodePoint",
  "has hasOwn hasOwnProperty includes indexOf is isArray isFinite isInteger isNaN isPrototypeOf isSafeInteger isWellFormed",
  "join lastIndexOf localeCompare normalize padEnd padStart parseFloat parseInt propertyIsEnumerable push raw repeat",
  "replace replaceAll search some startsWith stringify substr substring test toExponential toFixed toLocaleLowerCase",
  "toLocaleString toLocaleUpperCase toLowerCase toPrecision toString toUpperCase toWellFormed trim trimEnd trimLeft",
  "trimRight trimStart unshift",
);

/** Give a member of what they are called on, or what a callback makes of it. */
export const elementResults = listed("at find findLast get pop reduce reduceRight shift");

/** Give what they are called on, or their first argument. */
export const sameResults = listed("add assign copyWithin fill freeze reverse set sort valueOf");

/** Give a list of what callbacks make, or of what was put in, and of nothing else. */
export const mappedResults = listed("exec flatMap map match matchAll of parse split");

/** Put into what they are called on what they are given. */
export const storing = listed("add fill push set splice unshift");

/** Call what they are called on, with whatever they are given. */
export const callers = listed("apply bind call");

/** Give something of which nothing is said here; it holds whatever there is. */
const otherMethods = listed(
  "anchor big blink bold compile concat difference drop entries filter fixed flat fontcolor fontsize from fromEntries",
  "getOrInsert getOrInsertComputed groupBy intersection isDisjointFrom isSubsetOf isSupersetOf italics keys link next",
  "return slice small strike sub sup symmetricDifference take throw toArray toReversed toSorted toSpliced union values with",
);

export const methodNames: ReadonlySet<string> = new Set(
  [plainResults, elementResults, sameResults, mappedResults, storing, callers, otherMethods].flatMap(
    (names) => [...names],
  ),
);

/** Where a function stands among the arguments of methods that call one. */
export const callbackAt: ReadonlyMap<string, number> = new Map([
  ...[
    ...listed(
      "every filter find findIndex findLast findLastIndex flatMap forEach map reduce reduceRight some sort toSorted",
    ),
  ].map((name) => [name, 0] as const),
  ...[...listed("from getOrInsertComputed groupBy parse replace replaceAll stringify")].map(
    (name) => [name, 1] as const,
  ),
]);

/** Globals that give a number, a text or a truth value of whatever they are given. */
export const plainGlobals = listed("Boolean Number String isFinite isNaN parseFloat parseInt");

// A table that is read row by row. Reading a table whole inside the interpreter costs more than most calls do, and most
// calls look up one row of it. So a tool is first given a table whose large objects hold nothing and ask the host for
// each member that is looked up by name. Whatever else is done to such an object (listing, writing, testing its
// prototype) or many look-ups abandon the call, which is then made again with the whole table. So which of the two a
// call was given depends on its program and arguments alone, and no tool can tell them apart.

import { Buffer } from "node:buffer";

const [lineFeed, comma] = [10, 44];
/** Look-ups in one object after which reading the rest of it is cheaper. */
const mostLookUps = 64;

/**
 * Evaluated in the tool's context before the tool, which therefore cannot change what it uses. `memberOf(object, name,
 * length)` gives a member's JSON text or undefined; `abandon()` tells the host that the call is void.
 */
export const tablePrelude = `((memberOf, abandon) => {
  const { JSON: { parse }, Object: { hasOwn }, Proxy, Reflect, Error } = globalThis;
  const { defineProperty, get, getOwnPropertyDescriptor, has, setPrototypeOf } = Reflect;
  const put = (object, key, value) =>
    defineProperty(object, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
  const leave = () => {
    abandon();
    throw new Error("abandoned");
  };
  const open = (object) => {
    let left = ${mostLookUps};
    const look = (target, key) => {
      if (typeof key !== "string" || hasOwn(target, key)) return;
      const text = memberOf(object, key, key.length);
      if (text === undefined) return;
      if (left-- === 0) leave();
      put(target, key, parse(text));
    };
    return new Proxy({}, {
      __proto__: null,
      get(target, key, receiver) {
        look(target, key);
        return get(target, key, receiver);
      },
      has(target, key) {
        look(target, key);
        return has(target, key);
      },
      getOwnPropertyDescriptor(target, key) {
        look(target, key);
        const found = getOwnPropertyDescriptor(target, key);
        if (found) setPrototypeOf(found, null);
        return found;
      },
      set: leave,
      defineProperty: leave,
      deleteProperty: leave,
      ownKeys: leave,
      getPrototypeOf: leave,
      setPrototypeOf: leave,
      isExtensible: leave,
      preventExtensions: leave,
    });
  };
  return (text, large) => {
    if (large === "") return open(0);
    const table = parse(text);
    const keys = parse(large);
    for (let i = 0; i < keys.length; i++) put(table, keys[i], open(i));
    return table;
  };
})`;

/** Whether a member's name came out of the interpreter as it is there: some characters cannot. */
export const isWholeName = (name, length) => name.length === length && !name.includes("\ufffd");

/**
 * A member's JSON text; undefined where there is none. `lines` are the bytes of an object with a member a line: no JSON
 * text has a line feed inside, so what follows one is a member's name.
 */
export function memberText(lines, name) {
  const start = `\n${JSON.stringify(name)}:`;
  const at = lines.indexOf(start);
  if (at < 0) return undefined;
  const end = lines.indexOf(lineFeed, at + 1);
  return lines.toString("utf8", at + Buffer.byteLength(start), lines[end - 1] === comma ? end - 1 : end);
}

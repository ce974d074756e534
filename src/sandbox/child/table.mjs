// A table that is read row by row. Reading a table whole inside the interpreter costs more than most calls do, and most
// calls look up one row of it. So a tool is first given a table whose large objects hold nothing and ask the host for
// each member that is looked up by name. Whatever else is done to such an object (listing, writing, testing its
// prototype) or many look-ups abandon the call, which is then made again with the whole table. So which of the two a
// call was given depends on its program and arguments alone, and no tool can tell them apart.

/** Members from which an object is large. */
const fewestMembers = 32;
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

/**
 * `{ text, large, objects }` of a table: its JSON text without its large objects, the JSON list of their keys (empty
 * where the table itself is one), and they themselves; undefined where it has none.
 */
export function withoutLargeObjects(table) {
  if (isLarge(table)) return { text: "", large: "", objects: [table] };
  if (!isObject(table)) return undefined;
  const keys = Object.keys(table).filter((key) => isLarge(table[key]));
  if (keys.length === 0) return undefined;
  const text = JSON.stringify(table, (key, value) =>
    value !== table && keys.includes(key) && value === table[key] ? null : value,
  );
  return { text, large: JSON.stringify(keys), objects: keys.map((key) => table[key]) };
}

/** Whether a member's name came out of the interpreter as it is there: some characters cannot. */
export const isWholeName = (name, length) => name.length === length && !name.includes("\ufffd");

/** A member's JSON text; undefined where there is none. */
export const memberText = (object, name) =>
  Object.hasOwn(object, name) ? JSON.stringify(object[name]) : undefined;

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isLarge = (value) => isObject(value) && Object.keys(value).length >= fewestMembers;

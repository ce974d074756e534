/**
 * A file system that remembers what a power cut would leave. Everything happens on a real folder at once; beside it stands
 * a model of what is durable: content that was synced, names whose folder was. After a cut, each thing that was not may be
 * there, missing, or (content) torn, as the dice fall; a rename stays one thing. It can be cut after any operation, and
 * told to ignore one sync, so that a proof by it can be seen to fail.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { Random } from "../../src/core/random.ts";
import { diskFileSystem, type FileSystem } from "../../src/store/file-system.ts";

class File {
  current: Buffer = Buffer.alloc(0);
  /** Undefined until the first sync. */
  durable: Buffer | undefined;
}
class Folder {
  readonly entries = new Map<string, Inode>();
}
type Inode = File | Folder;

/** Names that appear and disappear together. */
interface Change {
  readonly folders: readonly Folder[];
  readonly apply: (entriesOf: (folder: Folder) => Map<string, Inode>) => void;
  isDurable: boolean;
}

/** Thrown by every operation after the last one. */
export class PowerCut extends Error {}

interface Limits {
  /** Operations that happen before the power goes. */
  readonly operations: number;
  /** Which call of `sync` does nothing, from 0 on. */
  readonly ignoredSync: number;
}

export interface ForgetfulDisk {
  readonly fs: FileSystem;
  /** Operations so far: each is a point to crash at. */
  operations(): number;
  syncs(): number;
  /** Writes what the disk holds after the power has gone into an empty folder. */
  leaveIn(folder: string, random: Random): void;
}

/** What lies in `root` already is durable. */
export function forgetfulDisk(root: string, limits: Partial<Limits> = {}): ForgetfulDisk {
  const { operations: most = Number.POSITIVE_INFINITY, ignoredSync = -1 } = limits;
  const changes: Change[] = [];
  const top = foundIn(root, changes);
  let operations = 0;
  let syncs = 0;

  /** Each thing that changes the disk passes here, before it happens. */
  const operate = () => {
    if (operations >= most) throw new PowerCut(`after ${most} operations`);
    operations += 1;
  };
  const alive = () => {
    if (operations >= most) throw new PowerCut(`after ${most} operations`);
  };
  const change = (folders: readonly Folder[], apply: Change["apply"]) => {
    changes.push({ folders, apply, isDurable: false });
    apply((folder) => folder.entries);
  };
  const find = (path: string): Inode | undefined => {
    let at: Inode | undefined = top;
    for (const name of relative(root, resolve(path)).split(sep).filter(Boolean))
      at = at instanceof Folder ? at.entries.get(name) : undefined;
    return at;
  };
  const folderOf = (path: string): Folder => {
    const folder = find(dirname(path));
    if (folder instanceof Folder) return folder;
    throw new Error(`${path} lies outside of ${root}`);
  };
  const sync = (inode: Inode | undefined) => {
    operate();
    if (syncs++ === ignoredSync) return;
    if (inode instanceof File) inode.durable = Buffer.from(inode.current);
    for (const made of changes)
      if (inode instanceof Folder && made.folders.includes(inode)) made.isDurable = true;
  };

  const open = async (path: string, ...rest: unknown[]): Promise<FileHandle> => {
    const creates = rest[0] === "wx";
    if (creates) operate();
    else alive();
    const handle = await (diskFileSystem.open as (...all: unknown[]) => Promise<FileHandle>)(path, ...rest);
    if (creates) {
      const folder = folderOf(path);
      const file = new File();
      change([folder], (entriesOf) => entriesOf(folder).set(basename(path), file));
    }
    const inode = find(path);
    return watched(handle, {
      sync: async () => sync(inode),
      writeFile: async (content: string | Uint8Array) => {
        operate();
        await handle.writeFile(content);
        if (inode instanceof File) inode.current = Buffer.concat([inode.current, Buffer.from(content)]);
      },
    });
  };

  const mkdir = async (path: string, options?: { recursive?: boolean }): Promise<string | undefined> => {
    operate();
    const first = await diskFileSystem.mkdir(path, options);
    const missing: string[] = [];
    for (let at = path; find(at) === undefined; at = dirname(at)) missing.unshift(at);
    for (const made of missing) {
      const folder = folderOf(made);
      const empty = new Folder();
      change([folder], (entriesOf) => entriesOf(folder).set(basename(made), empty));
    }
    return first;
  };

  const rename = async (from: string, to: string): Promise<void> => {
    operate();
    await diskFileSystem.rename(from, to);
    const [source, target, inode] = [folderOf(from), folderOf(to), find(from)!];
    change([source, target], (entriesOf) => {
      entriesOf(source).delete(basename(from));
      entriesOf(target).set(basename(to), inode);
    });
  };

  const rm = async (path: string, options?: object): Promise<void> => {
    operate();
    await diskFileSystem.rm(path, options);
    if (find(path) === undefined) return;
    const folder = folderOf(path);
    change([folder], (entriesOf) => entriesOf(folder).delete(basename(path)));
  };

  const reading = <T extends "lstat" | "readdir" | "readFile">(name: T) =>
    (async (...all: unknown[]) => {
      alive();
      return (diskFileSystem[name] as (...given: unknown[]) => Promise<unknown>)(...all);
    }) as unknown as FileSystem[T];

  return {
    fs: {
      ...{ open, mkdir, rename, rm },
      ...{ lstat: reading("lstat"), readdir: reading("readdir"), readFile: reading("readFile") },
    } as FileSystem,
    operations: () => operations,
    syncs: () => syncs,
    leaveIn: (folder, random) => leave(top, changes, folder, random),
  };
}

function foundIn(path: string, changes: Change[]): Folder {
  const folder = new Folder();
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inode = entry.isDirectory() ? foundIn(join(path, entry.name), changes) : new File();
    if (inode instanceof File) inode.current = inode.durable = readFileSync(join(path, entry.name));
    folder.entries.set(entry.name, inode);
    const apply: Change["apply"] = (entriesOf) => entriesOf(folder).set(entry.name, inode);
    changes.push({ folders: [folder], apply, isDurable: true });
  }
  return folder;
}

/** The handle's own functions, but for those given. */
function watched(handle: FileHandle, own: Partial<Record<"sync" | "writeFile", unknown>>): FileHandle {
  return new Proxy(handle, {
    get: (target, name) => {
      const replaced = own[name as "sync" | "writeFile"];
      if (replaced !== undefined) return replaced;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Every change that is durable, and of the others those that had reached the disk by chance, in the order they were made. */
function leave(top: Folder, changes: readonly Change[], into: string, random: Random): void {
  const left = new Map<Folder, Map<string, Inode>>();
  const entriesOf = (folder: Folder) => {
    const entries = left.get(folder) ?? new Map<string, Inode>();
    left.set(folder, entries);
    return entries;
  };
  for (const change of changes) if (change.isDurable || random.next() < 0.5) change.apply(entriesOf);
  const write = (folder: Folder, path: string): void => {
    mkdirSync(path, { recursive: true });
    for (const [name, inode] of entriesOf(folder))
      if (inode instanceof Folder) write(inode, join(path, name));
      else writeFileSync(join(path, name), contentAfter(inode, random));
  };
  write(top, into);
}

/** Blocks reach the disk in any order, so what was written and not synced may be cut off, or hold zeros. */
function contentAfter({ current, durable }: File, random: Random): Buffer {
  if (durable?.equals(current)) return durable;
  const torn = current.subarray(0, random.integer(current.length + 1));
  const holed = Buffer.from(current);
  const start = random.integer(current.length + 1);
  holed.fill(0, start, start + random.integer(current.length - start + 1));
  return random.pick([durable ?? Buffer.alloc(0), torn, holed, current]);
}

/**
 * What the store asks of a file system: node's own functions, as a port, so that a crash can be put between any two of
 * them. Content counts as stored once its file was synced, and a name once the folder that holds it was.
 */
import { lstat, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";

export const diskFileSystem = { lstat, mkdir, open, readdir, readFile, rename, rm };

export type FileSystem = typeof diskFileSystem;

/**
 * Content-addressed artifacts. Histories and rows hold references, never content. A put is atomic and idempotent: the
 * same content gives the same reference, and a reader never sees half of one. Reading verifies the hash.
 */
export interface ArtifactRef {
  /** What it is: "environment-set", "shard", "batch", "checkpoint", "report", ... */
  readonly kind: string;
  /** sha256 of the file, or of a folder's manifest. */
  readonly hash: string;
  readonly bytes: number;
}

/** What a file holds. */
export interface FileDigest {
  readonly sha256: string;
  readonly bytes: number;
}

/** What workers keep of checkpoints beyond those that are needed, so that a few iterations can be gone back to. */
export const checkpointBudgetBytes = 5e9;

export interface ArtifactStore {
  putJson(kind: string, value: unknown): Promise<ArtifactRef>;
  /** Throws ArtifactMissing or ArtifactCorrupt; the caller parses the shape. */
  getJson(ref: ArtifactRef): Promise<unknown>;
  /** The reference of stored content that a person named by its hash; throws ArtifactMissing. */
  find(kind: string, hash: string): Promise<ArtifactRef>;
  /** A fresh, empty folder on the store's own file system, to be filled and then adopted. */
  stagingFolder(): Promise<string>;
  /**
   * Takes a filled staging folder: fsyncs each file and hashes it, unless whoever wrote it says its digest (`known`, by
   * name), writes `manifest.json` last ({ files: { name: { sha256, bytes } }, ...facts }), renames. The reference's hash is
   * the manifest's. The folder is gone from its old path.
   */
  adoptFolder(
    kind: string,
    folder: string,
    facts: Record<string, unknown>,
    known?: ReadonlyMap<string, FileDigest>,
  ): Promise<ArtifactRef>;
  /**
   * Path of a stored folder or file, verified (once per process and artifact) before it is returned. Whoever reads only
   * some `files` of a folder has those verified, every time, and of the others no more than their sizes.
   */
  pathOf(ref: ArtifactRef, files?: readonly string[]): Promise<string>;
  /**
   * Reads all of it once more, for whoever cannot read what was verified before: throws ArtifactMissing or ArtifactCorrupt
   * where it was taken away or damaged since.
   */
  verifyAgain(ref: Pick<ArtifactRef, "kind" | "hash">): Promise<void>;
}

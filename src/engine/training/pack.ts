/**
 * Merges rows into packs: trees of unique tokens, in which the samples of a prompt and the turn-prefixes of a trajectory
 * share what they have in common, so a token is computed once however many rows hold it. Loss and gradients are those of
 * the rows trained one by one. Packs are filled in row order and depend on the rows and the token budget alone.
 */
import type { TrainingRow } from "../../core/ports/policy.ts";

/** One response token to train on. */
export interface Entry {
  /** Index of the row among those packed, and of the token in its response. */
  readonly row: number;
  readonly index: number;
  /** Index into the pack's targets: entries of several rows may share one. */
  readonly target: number;
}

/** A token whose log-probability is wanted, given the tree's path down to `node`. */
export interface Target {
  readonly node: number;
  readonly token: number;
}

/** Nodes stand after their parents. A response's last trained token is a target only: nothing is predicted from it. */
export interface Pack {
  readonly tokens: readonly number[];
  /** Index of the token before, -1 at the start of a row. */
  readonly parents: readonly number[];
  /** Distance from the start of the row, which is where the model believes the token stands. */
  readonly positions: readonly number[];
  readonly targets: readonly Target[];
  readonly entries: readonly Entry[];
}

/**
 * Packs of at most `packTokens` unique tokens. A tree over the budget is split between rows and its trunk computed again
 * in each part; a row over the budget gets a pack of its own. Rows with nothing to train on are left out.
 */
export function packRows(rows: readonly TrainingRow[], packTokens: number): Pack[] {
  const packs: Pack[] = [];
  let tree = createTree();
  for (const [index, row] of rows.entries()) {
    const length = row.mask.lastIndexOf(1) + 1;
    if (length === 0) continue;
    const path = [...row.prompt, ...row.response.slice(0, length)];
    if (tree.pack.tokens.length > 0 && tree.sizeWith(path) > packTokens) {
      packs.push(tree.pack);
      tree = createTree();
    }
    tree.add(path, index, row);
  }
  if (tree.pack.tokens.length > 0) packs.push(tree.pack);
  return packs;
}

/** Maps from the next token to its node, and to its target, per node; the start of a row is node -1. */
function createTree() {
  const tokens: number[] = [];
  const parents: number[] = [];
  const positions: number[] = [];
  const targets: Target[] = [];
  const entries: Entry[] = [];
  const roots = new Map<number, number>();
  const children: Map<number, number>[] = [];
  const targetsOf: Map<number, number>[] = [];
  const childrenOf = (node: number) => (node < 0 ? roots : children[node]!);

  /** Nodes after `path` were added; its last token is predicted and not computed. */
  const sizeWith = (path: readonly number[]) => {
    let node = -1;
    for (const [depth, token] of path.slice(0, -1).entries()) {
      const child = childrenOf(node).get(token);
      if (child === undefined) return tokens.length + path.length - 1 - depth;
      node = child;
    }
    return tokens.length;
  };
  const childFor = (parent: number, token: number, position: number) => {
    const known = childrenOf(parent).get(token);
    if (known !== undefined) return known;
    const node = tokens.length;
    childrenOf(parent).set(token, node);
    tokens.push(token);
    parents.push(parent);
    positions.push(position);
    children.push(new Map());
    targetsOf.push(new Map());
    return node;
  };
  const targetFor = (node: number, token: number) => {
    const known = targetsOf[node]!.get(token);
    if (known !== undefined) return known;
    targetsOf[node]!.set(token, targets.length);
    return targets.push({ node, token }) - 1;
  };
  const add = (path: readonly number[], row: number, { prompt, mask }: TrainingRow) => {
    let node = -1;
    for (const [depth, token] of path.entries()) {
      const index = depth - prompt.length;
      if (index >= 0 && mask[index] === 1) entries.push({ row, index, target: targetFor(node, token) });
      if (depth < path.length - 1) node = childFor(node, token, depth);
    }
  };
  return { pack: { tokens, parents, positions, targets, entries } satisfies Pack, sizeWith, add };
}

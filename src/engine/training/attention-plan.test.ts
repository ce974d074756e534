import { describe, expect, it } from "vitest";
import { planAttention } from "./attention-plan.ts";

/** Nodes that a query sees according to the plan. */
function seenBy(node: number, plan: ReturnType<typeof planAttention>): number[] {
  let start = 0;
  const block = plan.shape.blockRows.findIndex((rows) => {
    start += rows;
    return node < start;
  });
  const { keys, mask } = plan.blocks[block]!;
  const row = node - (start - plan.shape.blockRows[block]!);
  return [...keys].flatMap((key, column) => (mask[row * keys.length + column] === 0 ? [Number(key)] : []));
}

describe("the attention plan", () => {
  // A trunk 0-1, and two branches of it: 2-3 and 4.
  const tree = { parents: [-1, 0, 1, 2, 1] };

  it("lets a node see itself and its ancestors, and nothing of other branches", () => {
    const plan = planAttention(tree);
    expect([0, 1, 2, 3, 4].map((node) => seenBy(node, plan))).toEqual([
      [0],
      [0, 1],
      [0, 1, 2],
      [0, 1, 2, 3],
      [0, 1, 4],
    ]);
  });

  it("rounds tokens and keys up to 64 with distinct keys that padding alone may see", () => {
    const plan = planAttention(tree);
    expect(plan.shape).toEqual({ tokens: 64, blockRows: [64], blockKeys: [64] });
    expect(new Set(plan.blocks[0]!.keys).size).toBe(64);
    expect(seenBy(10, plan)).toEqual([]);
  });

  it("gives a block of queries only the keys that some of them see", () => {
    // A trunk of 128 nodes, and two branches of 128 that hang on its 64th node.
    const branch = (first: number) => Array.from({ length: 128 }, (_, i) => (i === 0 ? 63 : first + i - 1));
    const trunk = Array.from({ length: 128 }, (_, i) => i - 1);
    const plan = planAttention({ parents: [...trunk, ...branch(128), ...branch(256)] });
    expect(plan.shape).toEqual({ tokens: 384, blockRows: [128, 128, 128], blockKeys: [128, 192, 192] });
    expect([...plan.blocks[2]!.keys].map(Number)).toEqual([
      ...Array.from({ length: 64 }, (_, i) => i),
      ...Array.from({ length: 128 }, (_, i) => 256 + i),
    ]);
  });
});

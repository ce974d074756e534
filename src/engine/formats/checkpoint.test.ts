import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyLike } from "../model/weights.ts";
import { prepareTiny } from "../policies/tiny.ts";
import { readOptimizerState, readWeights, requirePolicyTexts, writeCheckpoint } from "./checkpoint.ts";
import { writeSafetensors } from "./safetensors.ts";

const root = mkdtempSync(join(tmpdir(), "ratchet-checkpoint-"));
const parent = join(root, "parent");
afterAll(() => rmSync(root, { recursive: true }));
beforeAll(() => prepareTiny(parent, 1));

const freshFolder = () => mkdtempSync(join(root, "folder-"));

/** A copy of the parent with one of its files changed. */
function damaged(change: (folder: string) => void): string {
  const folder = freshFolder();
  cpSync(parent, folder, { recursive: true });
  change(folder);
  return folder;
}

describe("a checkpoint", () => {
  it("carries weights and AdamW's state over, and the parent's other files byte for byte", async () => {
    const weights = await readWeights(parent);
    weights.arena.set([0.5, -0.25]);
    const state = { step: 3, m: emptyLike(weights), v: emptyLike(weights) };
    state.m.arena.fill(0.125);
    state.v.arena.set([1, 2, 3], 100);

    const folder = freshFolder();
    const written = await writeCheckpoint(folder, parent, weights, state);
    expect((await readWeights(folder)).arena).toEqual(weights.arena);
    expect(await readOptimizerState(folder, weights)).toEqual(state);
    for (const name of ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"])
      expect(readFileSync(join(folder, name)), name).toEqual(readFileSync(join(parent, name)));

    const again = await writeCheckpoint(freshFolder(), folder, weights, state);
    expect(again).toEqual(written);
  });

  it("has no optimizer file where the policy was never trained", async () => {
    const weights = await readWeights(parent);
    const folder = freshFolder();
    const { optimizerSha256 } = await writeCheckpoint(folder, parent, weights, undefined);
    expect(optimizerSha256).toBeUndefined();
    expect(readdirSync(folder)).not.toContain("optimizer.safetensors");
    expect(await readOptimizerState(folder, weights)).toBeUndefined();
  });

  it.each([
    [
      "weights cut short",
      (f: string) => truncateSync(join(f, "model.safetensors"), 200_000),
      "data bytes and the file has",
    ],
    [
      "no weights",
      (f: string) => rmSync(join(f, "model.safetensors")),
      "it has neither model.safetensors nor",
    ],
    ["no configuration", (f: string) => rmSync(join(f, "config.json")), "config.json: ENOENT"],
    [
      "a configuration that is no JSON",
      (f: string) => writeFileSync(join(f, "config.json"), "{"),
      "config.json: ",
    ],
  ])("is refused with %s", async (_, change, message) => {
    await expect(readWeights(damaged(change))).rejects.toMatchObject({
      type: "ModelUnreadable",
      message: expect.stringContaining(message),
    });
  });

  it("is refused where a weight or a moment is no number, by tensor and element", async () => {
    const weights = await readWeights(parent);
    const state = { step: 3, m: emptyLike(weights), v: emptyLike(weights) };
    state.v.tensors.get("model.norm.weight")!.data[5] = Number.POSITIVE_INFINITY;
    weights.tensors.get("model.norm.weight")!.data[3] = Number.NaN;
    const folder = freshFolder();
    await writeCheckpoint(folder, parent, weights, state);
    await expect(readWeights(folder)).rejects.toThrow("tensor 'model.norm.weight' holds NaN at element 3");
    await expect(readOptimizerState(folder, weights)).rejects.toThrow(
      `cannot read ${join(folder, "optimizer.safetensors")}: tensor 'v.model.norm.weight' holds Infinity at element 5`,
    );
  });

  it("is refused where the optimizer's state is none that AdamW comes to, by tensor and element", async () => {
    const weights = await readWeights(parent);
    const refused = async (step: number, square: number) => {
      const state = { step, m: emptyLike(weights), v: emptyLike(weights) };
      state.v.tensors.get("model.norm.weight")!.data[5] = square;
      const folder = freshFolder();
      await writeCheckpoint(folder, parent, weights, state);
      return readOptimizerState(folder, weights).then(
        (found) => found?.step,
        ({ type, message }) => `${type} ${message.replace(`cannot read ${folder}/`, "")}`,
      );
    };
    expect(await refused(0, 0)).toBe(0);
    expect(await refused(3, -0)).toBe(3);
    expect(await refused(-1, 0)).toBe(
      "ModelUnreadable optimizer.safetensors: tensor 'step' holds -1, and is a count of steps; fetch or export the file again",
    );
    expect(await refused(3, -0.5)).toBe(
      "ModelUnreadable optimizer.safetensors: tensor 'v.model.norm.weight' holds -0.5 at element 5, and is a mean of squares; fetch or export the file again",
    );
    const folder = freshFolder();
    await writeSafetensors(join(folder, "optimizer.safetensors"), [
      { name: "step", dtype: "F32", shape: [1], read: () => Float32Array.of(1.5) },
    ]);
    await expect(readOptimizerState(folder, weights)).rejects.toThrow(
      "tensor 'step' is F32 [1], and a count of steps is I32 [1]",
    );
  });

  it("is known to lack a file that its successor takes over, before there is one", async () => {
    await expect(requirePolicyTexts(parent)).resolves.toBeUndefined();
    const folder = damaged((f) => rmSync(join(f, "tokenizer_config.json")));
    await expect(requirePolicyTexts(folder)).rejects.toThrow(
      `cannot read ${folder}: it has no tokenizer_config.json, which an updated policy takes over; save the model and its tokenizer there`,
    );
  });

  it("is refused where a tensor is missing, misshapen or unknown", async () => {
    const write = async (name: string, shape: number[]) => {
      const folder = damaged(() => {});
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      await writeSafetensors(join(folder, "model.safetensors"), [
        { name, dtype: "F32", shape, read: () => data },
      ]);
      return readWeights(folder);
    };
    await expect(write("model.norm.weight", [64])).rejects.toThrow("no tensor 'model.embed_tokens.weight'");
    await expect(write("model.norm.weight", [65])).rejects.toThrow(
      "is [65] where the configuration asks for [64]",
    );
    await expect(write("model.norm.bias", [64])).rejects.toThrow(
      "'model.norm.bias' has no place in the model",
    );
  });
});

/**
 * llama.cpp's side of `npm run bench:engine`, by node-llama-cpp; it runs in the throw-away folder that has it.
 * Arguments: a GGUF file and the thread count. `share`: the prompt is evaluated once and its state is loaded by the others.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

const [file, threads] = process.argv.slice(2);
const state = join(tmpdir(), `ratchet-bench-${process.pid}.state`);
const llama = await getLlama({
  gpu: false,
  build: "never",
  progressLogs: false,
  maxThreads: Number(threads),
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath: file });

async function sample({ prompts: [prompt], samples, tokens, share }) {
  const room = prompt.length + tokens + 16;
  const context = await model.createContext({
    sequences: samples,
    contextSize: room,
    threads: Number(threads),
    batchSize: 512,
    // As ours; F16 unless said.
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
  });
  const begin = performance.now();
  const sequences = Array.from({ length: samples }, () => context.getSequence());
  if (share) {
    await sequences[0].evaluateWithoutGeneratingNewTokens(prompt.slice(0, -1));
    await sequences[0].saveStateToFile(state);
    for (const sequence of sequences.slice(1)) await sequence.loadStateFromFile(state, { acceptRisk: true });
  }
  await Promise.all(
    sequences.map(async (sequence, s) => {
      let said = 0;
      const given = share ? prompt.slice(-1) : prompt;
      const options = { temperature: 1, topK: 0, topP: 1, minP: 0, seed: s + 1, yieldEogToken: true };
      for await (const _ of sequence.evaluate(given, options)) if (++said === tokens) break;
    }),
  );
  const wallMs = performance.now() - begin;
  await context.dispose();
  return { wallMs };
}

process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  writeFileSync("/proc/self/clear_refs", "5");
  const cpu = process.cpuUsage();
  const result = await sample(JSON.parse(line));
  const { user, system } = process.cpuUsage(cpu);
  const peakMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
  process.stdout.write(`${JSON.stringify({ cpuMs: (user + system) / 1000, peakMb, ...result })}\n`);
}
await llama.dispose();

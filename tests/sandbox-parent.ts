/** A process that starts a sandbox child in an endless native loop, says its process id, and waits to be killed. */
import { createSandbox } from "../src/sandbox/sandbox.ts";

const sandbox = createSandbox({
  memoryMb: 192,
  toolTimeoutMs: 600_000,
  wallMs: 600_000,
  fuel: 1_000_000,
  log: () => {},
});
const code = "function spin() { return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1); }";
void sandbox.run([{ program: { name: "spin", runtime: "javascript", code }, arguments: {} }]);
const asking = setInterval(() => {
  const [pid] = sandbox.pids();
  if (pid === undefined) return;
  clearInterval(asking);
  process.stdout.write(`${pid}\n`);
}, 50);

// A process that answers each line of its stdin with a line of JSON.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export function startLineProcess(file, args, options = {}) {
  const child = spawn(file, args, { ...options, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** Asks, and gives the answer. */
    ask: async (order) => {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const { done, value } = await lines.next();
      if (done) throw new Error(`${file} ended without an answer`);
      return JSON.parse(value);
    },
    /** Lets it end by itself, so that it gives back what it holds. */
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", resolve);
        child.stdin.end();
      }),
  };
}

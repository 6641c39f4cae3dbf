import { expect, it } from "vitest";
import type { ProgressEvent } from "../client/index.ts";
import { StageProgress } from "./progress.ts";
import { createTerminal } from "./terminal.ts";
import { type KeptOutput, pipe, tty } from "./testing/outputs.ts";

const EVENTS: readonly ProgressEvent[] = [
  { stage: "tokenizer", step: 1, steps: 1, elapsedMs: 10 },
  { stage: "high_noise", step: 1, steps: 2, elapsedMs: 510 },
  { stage: "high_noise", step: 2, steps: 2, elapsedMs: 1010 },
  { stage: "vae_decoder", step: 1, steps: 1, elapsedMs: 3260 },
];

function shown(stderr: KeptOutput): string {
  const progress = new StageProgress(createTerminal(pipe(), stderr, {}));
  for (const event of EVENTS) progress.show(event);
  return stderr.text;
}

it("in a pipe: one plain line a stage, with the time of that stage", () => {
  expect(shown(pipe())).toBe("  tokenizer 1/1 0.01 s\n  high_noise 2/2 1.00 s\n  vae_decoder 1/1 2.25 s\n");
});

it("at a terminal: a bar that grows in its line, and a line for each stage that is done", () => {
  const [first, second, third, rest] = shown(tty()).split("\n");
  expect(first).toBe(`\r\u001b[K  tokenizer      ${"█".repeat(24)}   1/1  0.01 s`);
  expect(second?.split("\r\u001b[K").slice(1)).toEqual([
    `  high_noise     ${"█".repeat(12)}${"░".repeat(12)}   1/2  0.50 s`,
    `  high_noise     ${"█".repeat(24)}   2/2  1.00 s`,
  ]);
  expect(third).toContain("vae_decoder");
  expect(rest).toBe("");
});

it.each([20, 40, 50, 60, 200])("fits a terminal of %d columns where it can", (columns) => {
  for (const line of shown(tty(columns)).split(/\r\u001b\[K|\n/))
    expect(line.length).toBeLessThanOrEqual(Math.max(columns, 40));
});

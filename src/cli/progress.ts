import type { ProgressEvent } from "../client/index.ts";
import type { Terminal } from "./terminal.ts";

const BAR = 24;

function bar(step: number, steps: number): string {
  const full = Math.round((BAR * step) / Math.max(steps, 1));
  return "█".repeat(full) + "░".repeat(BAR - full);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** Shows the stages of a run: a bar each at a terminal, a plain line each in a pipe. */
export class StageProgress {
  readonly #terminal: Terminal;
  #stageStart = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Shows one finished step. */
  show({ stage, step, steps, elapsedMs }: ProgressEvent): void {
    const last = step >= steps;
    const took = seconds(elapsedMs - this.#stageStart);
    if (this.#terminal.interactive) {
      const line = `  ${stage.padEnd(14)} ${bar(step, steps)} ${`${step}/${steps}`.padStart(5)}  ${took}`;
      this.#terminal.rewrite(last ? `${line}\n` : line);
    } else if (last) {
      this.#terminal.err(`  ${stage} ${step}/${steps} ${took}`);
    }
    if (last) this.#stageStart = elapsedMs;
  }
}

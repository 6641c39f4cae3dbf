import type { ProgressEvent } from "../client/index.ts";
import type { Terminal } from "./terminal.ts";

/** Columns of a bar at most; a narrow terminal gets a shorter one, so that a line is one line. */
const BAR = 24;
const BESIDE_BAR = 36;
const SHORTEST_BAR = 4;

function bar(step: number, steps: number, columns: number): string {
  const length = Math.max(SHORTEST_BAR, Math.min(BAR, columns - BESIDE_BAR));
  const full = Math.round((length * step) / Math.max(steps, 1));
  return "█".repeat(full) + "░".repeat(length - full);
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
    if (this.#terminal.interactive) this.#draw(stage, step, steps, took);
    else if (last) this.#terminal.err(`  ${stage} ${step}/${steps} ${took}`);
    if (last) this.#stageStart = elapsedMs;
  }

  #draw(stage: string, step: number, steps: number, took: string): void {
    const { columns } = this.#terminal;
    const count = `${step}/${steps}`.padStart(5);
    this.#terminal.rewrite(
      `  ${stage.padEnd(14)} ${bar(step, steps, columns)} ${count}  ${took}`,
      step >= steps,
    );
  }
}

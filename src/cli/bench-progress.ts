import { digits, type RunProgress } from "../bench/index.ts";
import type { Terminal } from "./terminal.ts";

/** A pipe gets a line of progress at most this often, in milliseconds. */
const PIPE_INTERVAL = 10_000;

function timeText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** Shows how a measurement goes: at a terminal a line that is rewritten, in a pipe plain lines now and then. */
export class BenchProgress {
  readonly #terminal: Terminal;
  #last = Number.NEGATIVE_INFINITY;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Shows one state. */
  show(at: RunProgress): void {
    const line = this.#line(at);
    if (this.#terminal.interactive) this.#terminal.rewrite(line.slice(0, this.#terminal.columns - 1));
    else if (performance.now() - this.#last > PIPE_INTERVAL) {
      this.#last = performance.now();
      this.#terminal.err(line);
    }
  }

  #line({ phase, done, failed, perSecond, p50Ms, p95Ms, leftMs }: RunProgress): string {
    const parts = [
      `${phase} ${done} done`,
      ...(failed > 0 ? [`${failed} failed`] : []),
      `${digits(perSecond)}/s`,
      ...(p50Ms === undefined ? [] : [`p50 ${digits(p50Ms)} ms`]),
      ...(p95Ms === undefined ? [] : [`p95 ${digits(p95Ms)} ms so far`]),
      ...(leftMs === undefined ? [] : [`${timeText(leftMs)} left`]),
    ];
    return `  ${parts.join(", ")}`;
  }
}

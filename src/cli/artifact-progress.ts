import { type ArtifactEvent, bytesOf } from "../engine/index.ts";
import { bytesText } from "./size-text.ts";
import { printable, type Terminal } from "./terminal.ts";

/** Files below this are read in less time than a line takes to read. */
const WORTH_TELLING = 1e9;

/** A pipe gets a line of progress at most this often, in milliseconds. */
const PIPE_INTERVAL = 30_000;

/** Shows how artifacts are made: at a terminal a line that is rewritten, in a pipe plain lines now and then. */
export class ArtifactProgress {
  readonly #terminal: Terminal;
  #last = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Shows one event. */
  show(event: ArtifactEvent): void {
    const { err } = this.#terminal;
    if (event.kind === "read" && event.bytes >= WORTH_TELLING)
      err(printable(`reading ${event.file} (${bytesText(event.bytes)})`));
    if (event.kind === "start")
      err(printable(`[${event.index}/${event.total}] ${event.artifact.id}: ${event.reasons.join("; ")}`));
    if (event.kind === "wait") err(`${event.artifact.id}: another Triptych makes it; waiting`);
    if (event.kind === "skipped") err(`${event.artifact.id}: up to date after all`);
    if (event.kind === "progress") this.#progress(event);
    if (event.kind === "done") this.#done(event);
  }

  #progress({ text, done, total }: Extract<ArtifactEvent, { kind: "progress" }>): void {
    const count = done === undefined || total === undefined ? "" : `${done}/${total} `;
    const line = printable(`      ${count}${text}`).slice(0, this.#terminal.columns - 1);
    if (this.#terminal.interactive) this.#terminal.rewrite(line);
    else if (performance.now() - this.#last > PIPE_INTERVAL) {
      this.#last = performance.now();
      this.#terminal.err(line);
    }
  }

  #done({ passport }: Extract<ArtifactEvent, { kind: "done" }>): void {
    const bytes = bytesOf(passport.files);
    const line = `      made in ${passport.made.seconds.toFixed(1)} s, ${bytesText(bytes)}`;
    if (this.#terminal.interactive) this.#terminal.rewrite(line, true);
    else this.#terminal.err(line);
    this.#last = performance.now();
  }
}

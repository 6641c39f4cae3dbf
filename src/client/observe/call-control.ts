import { TriptychError } from "../../errors/index.ts";
import { onAbort } from "../transport/abort-listeners.ts";
import { cancelledBy } from "../transport/endings.ts";

/** How often a call that is past its deadline is looked at, while it still ends by itself. */
const GRACE_MS = 20;

/**
 * Ends a call that its middlewares hold up: at its deadline, when its signal aborts, or when it is stopped. While the call
 * itself runs, that is the transport's to do, whose errors say more.
 */
export class CallControl {
  readonly #controller = new AbortController();
  readonly #until: number;
  readonly #deadlineMs: number;
  readonly #unlisten: () => void;
  #timer: NodeJS.Timeout;
  #running = 0;
  #failed: TriptychError | undefined;
  #fail: (reason: TriptychError) => void = () => undefined;
  readonly #over = new Promise<never>((_, reject) => {
    this.#fail = reject;
  });

  constructor(deadlineMs: number, source: AbortSignal | undefined) {
    this.#until = performance.now() + deadlineMs;
    this.#deadlineMs = deadlineMs;
    this.#over.catch(() => undefined);
    this.#timer = this.#look(deadlineMs);
    const giveUp = (): void => {
      this.stop(cancelledBy(source));
    };
    this.#unlisten = onAbort(source, giveUp);
    if (source?.aborted === true) giveUp();
  }

  /** Aborts when the call is given up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What is left of the deadline. */
  get msLeft(): number {
    return Math.max(1, this.#until - performance.now());
  }

  /** Why the call was given up, if it was. */
  get failed(): TriptychError | undefined {
    return this.#failed;
  }

  /** The call itself begins; it ends with {@link left}. */
  entered(): void {
    if (this.#failed !== undefined) throw this.#failed;
    this.#running += 1;
  }

  left(): void {
    this.#running -= 1;
  }

  /** Gives the call up; the first reason stands. */
  stop(reason: TriptychError): void {
    if (this.#failed !== undefined) return;
    this.#failed = reason;
    this.release();
    this.#controller.abort(reason);
    this.#fail(reason);
  }

  /** The outcome, unless the call is given up before. */
  bounded<T>(outcome: Promise<T>): Promise<T> {
    return Promise.race([outcome, this.#over]);
  }

  /** To be called when the call is over. */
  release(): void {
    clearTimeout(this.#timer);
    this.#unlisten();
  }

  #look(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      if (this.#running > 0 || this.#until > performance.now())
        this.#timer = this.#look(Math.max(GRACE_MS, this.#until - performance.now()));
      else this.stop(this.#late());
    }, ms);
  }

  #late(): TriptychError {
    return new TriptychError("deadline-exceeded", `No answer within ${Math.round(this.#deadlineMs)} ms.`, {
      hint: "A middleware held the call up; see what it waits for, or raise deadlineMs.",
    });
  }
}

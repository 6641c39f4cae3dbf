import { TriptychError } from "../../../errors/index.ts";

/** How much of its own work a client sends at once. */
export interface AdmissionOptions {
  /** Most inferences that run at a time; no limit by default. */
  readonly maxInFlight?: number | undefined;
  /** Most inferences that wait for that, 64 by default; one more is `overloaded` at once. */
  readonly maxQueued?: number | undefined;
}

/** A place among the inferences that run, now or soon. */
export interface Place {
  /** Fulfils when it is this call's turn; absent where it is already. */
  readonly turn?: Promise<void>;
  /** Gives the place up, whether it had come to that or not. May be called again. */
  readonly leave: () => void;
}

/** The place of everybody where there is no limit. */
const FREE: Place = { leave: () => undefined };

/** Lets calls through in the order they came, so many at a time. */
export class Admission {
  readonly #limit: number;
  readonly #queueLimit: number;
  readonly #queue = new Set<() => void>();
  #running = 0;

  /** @throws TriptychError `request-invalid` for numbers that cannot hold. */
  constructor({ maxInFlight, maxQueued = 64 }: AdmissionOptions = {}) {
    this.#limit =
      maxInFlight === undefined ? Number.POSITIVE_INFINITY : checked("maxInFlight", maxInFlight, 1);
    this.#queueLimit = checked("maxQueued", maxQueued, 0);
  }

  /** @throws TriptychError `overloaded` where the queue is full. */
  enter(): Place {
    if (this.#limit === Number.POSITIVE_INFINITY) return FREE;
    if (this.#running < this.#limit) {
      this.#running += 1;
      return {
        leave: once(() => {
          this.#release();
        }),
      };
    }
    if (this.#queue.size >= this.#queueLimit) throw this.#full();
    return this.#wait();
  }

  #wait(): Place {
    let start: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => {
      start = resolve;
    });
    this.#queue.add(start);
    const leave = once(() => {
      // Whoever still waits has nothing to give back.
      if (!this.#queue.delete(start)) this.#release();
    });
    return { turn, leave };
  }

  /** The place goes to who waits longest, without being free in between. */
  #release(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#queue.delete(next);
    next();
  }

  #full(): TriptychError {
    const text = `${this.#limit} inferences run here and ${this.#queue.size} wait: there is no room for one more.`;
    return new TriptychError("overloaded", text, {
      hint: "Wait before trying again, raise maxInFlight or maxQueued, or connect to more servers.",
      details: { accepted: false },
    });
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}

function checked(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new TriptychError(
    "request-invalid",
    `${name}: expected a whole number from ${least} on, got ${value}.`,
    {
      hint: "Leave it out for the default.",
    },
  );
}

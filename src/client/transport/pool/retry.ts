import { TriptychError } from "../../../errors/index.ts";

/** When a call is tried again. */
export interface RetryOptions {
  /** Most attempts of one call, the first included; 3 by default. */
  readonly attempts?: number | undefined;
  /**
   * How many retries a burst of failures may cost, 5 by default; ten calls that succeed earn one more. Where most calls
   * fail, retries stop, so that they do not keep a server down.
   */
  readonly budget?: number | undefined;
}

/** A failed attempt, as far as it matters for another. */
export interface Attempt {
  readonly number: number;
  readonly error: TriptychError;
  /** True for a question that may be asked any number of times. */
  readonly repeatable: boolean;
  /** True where another endpoint is there that was not tried yet. */
  readonly elsewhere: boolean;
  readonly msLeft: number;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
const EARNED = 0.1;

/** Decides about second attempts, and keeps the budget for them. */
export class Retries {
  readonly #attempts: number;
  readonly #budget: number;
  #left: number;
  readonly #random: () => number;

  /** @throws TriptychError `request-invalid` for numbers that cannot hold. */
  constructor(options: RetryOptions | false = {}, random: () => number = Math.random) {
    const { attempts = 3, budget = 5 } = options === false ? { attempts: 1 } : options;
    this.#attempts = checked("retry.attempts", attempts, 1);
    this.#budget = checked("retry.budget", budget, 0);
    this.#left = budget;
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt; undefined where there must be none. */
  pauseBefore(attempt: Attempt): number | undefined {
    if (!this.#mayFollow(attempt) || this.isSpent(attempt)) return undefined;
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempt.number - 1), LONGEST_PAUSE_MS);
    const pause = longest * this.#random();
    if (pause >= attempt.msLeft) return undefined;
    if (!isFree(attempt)) this.#left -= 1;
    return pause;
  }

  /** True where there would be another attempt if the budget had not run out. */
  isSpent(attempt: Attempt): boolean {
    return this.#mayFollow(attempt) && !isFree(attempt) && this.#left < 1;
  }

  #mayFollow(attempt: Attempt): boolean {
    return isSafe(attempt) && attempt.number < this.#attempts;
  }

  /** A call succeeded. */
  earn(): void {
    this.#left = Math.min(this.#budget, this.#left + EARNED);
  }
}

/** Only what no server took up, or may be asked twice. A full queue and a model that is gone are so at one server only. */
function isSafe({ error, repeatable, elsewhere }: Attempt): boolean {
  if (error.code === "overloaded" || error.code === "model-not-found")
    return error.details.accepted === false && elsewhere;
  if (error.code === "server-stopping" || error.code === "server-not-ready" || error.code === "unreachable")
    return repeatable || error.details.accepted === false;
  return false;
}

/** What never left for one server, and now goes to another, is no more load for anybody than it would have been at once. */
function isFree({ error, elsewhere }: Attempt): boolean {
  return elsewhere && error.code === "unreachable" && error.details.accepted === false;
}

const SPENT = "There was no further attempt, because too many calls have failed lately (retry.budget).";

/**
 * The error of a call's last attempt, with how many there were.
 *
 * @param isSpent - True where the budget was in the way of another.
 */
export function afterAttempts(error: TriptychError, attempts: number, isSpent = false): TriptychError {
  if (attempts === 1 && !isSpent) return error;
  const hint = [error.hint, isSpent ? SPENT : undefined].filter((part) => part !== undefined).join(" ");
  return new TriptychError(error.code, error.message, {
    ...(hint === "" ? {} : { hint }),
    cause: error.cause,
    details: { ...error.details, attempts },
  });
}

function checked(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= 1000) return value;
  throw new TriptychError("request-invalid", `${name}: expected ${least} to 1000, got ${value}.`, {
    hint: "Give a whole number in that range, or `retry: false` for no second attempt.",
  });
}

/** How an endpoint stands: `trial` is one that came back and gets a single call at a time until one succeeds. */
export type EndpointStatus = "ready" | "ejected" | "trial" | "draining";

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 10_000;

/**
 * Whether an endpoint should get calls. A failure of the endpoint itself, not of a request, ejects it at once; a probe
 * that succeeds after a jittered back-off brings it back on trial, and a call that succeeds makes it ready.
 */
export class Health {
  #status: EndpointStatus = "ejected";
  #failures = 0;
  #reason: string | undefined = "not asked yet";
  #retryAt = 0;
  readonly #random: () => number;
  readonly #now: () => number;

  /** The clock is one that nobody sets. */
  constructor(random: () => number = Math.random, now: () => number = () => performance.now()) {
    this.#random = random;
    this.#now = now;
  }

  get status(): EndpointStatus {
    return this.#status;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Why it gets no calls. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Milliseconds to leave it alone before the next probe. */
  get msToProbe(): number {
    return Math.max(0, this.#retryAt - this.#now());
  }

  /** A call was answered, or failed for reasons of its own. */
  succeeded(): void {
    if (this.#status !== "draining") this.#become("ready");
  }

  /** A probe was answered. */
  probed(): void {
    if (this.#status === "ejected") this.#become(this.#failures === 0 ? "ready" : "trial");
  }

  /** A call or a probe showed that the endpoint is not there, not ready or about to go. */
  failed(reason: string): void {
    if (this.#status === "draining") return;
    this.#failures += 1;
    this.#status = "ejected";
    this.#reason = reason;
    const longest = Math.min(FIRST_BACKOFF_MS * 2 ** (this.#failures - 1), LONGEST_BACKOFF_MS);
    // Clients that lost the same server at once do not come back at once.
    this.#retryAt = this.#now() + longest * (0.5 + this.#random() / 2);
  }

  /** No more calls, for good. */
  drain(): void {
    this.#status = "draining";
    this.#reason = "it is drained";
  }

  #become(status: "ready" | "trial"): void {
    this.#status = status;
    this.#reason = undefined;
    if (status === "ready") this.#failures = 0;
  }
}

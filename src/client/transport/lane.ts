/**
 * Requests that share one gRPC stream to each server they go to. What carries them is made by the transport; whoever
 * made the lane ends it.
 */
export class Lane {
  readonly #ends = new Set<() => void>();
  #isEnded = false;

  /** True once no more requests may come. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Has something done at the end of the lane. */
  onEnd(action: () => void): void {
    this.#ends.add(action);
  }

  /** Ends its streams: what still runs on them is cancelled at the server. */
  end(): void {
    this.#isEnded = true;
    for (const action of this.#ends) action();
    this.#ends.clear();
  }
}

/** Hands items from many makers to one reader, who is never ahead of them: each waits until its item is taken. */
export class Handover<T> {
  readonly #items: { readonly item: T; readonly taken: () => void }[] = [];
  #failure: { readonly reason: unknown } | undefined;
  #isOver = false;
  #wake: () => void = () => undefined;

  /** Fulfils when the item is taken, or nobody will take it any more. */
  put(item: T): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((taken) => {
      this.#items.push({ item, taken });
      this.#wake();
    });
  }

  /** No more items: the reader gets those that wait, and then the end. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** No more items, because of a failure that the reader gets in place of those that wait. */
  fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#failure = { reason };
    this.#let();
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const next = this.#items.shift();
        if (next !== undefined) {
          next.taken();
          yield next.item;
        } else if (this.#isOver) break;
        else await this.#more();
      }
    } finally {
      this.#let();
      this.end();
    }
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Lets all makers go on whose items nobody takes. */
  #let(): void {
    for (const { taken } of this.#items.splice(0)) taken();
  }
}

const CALLBACKS = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when a signal aborts, unless the function that it gives is called before. However many calls wait for one signal,
 * it has one listener: Node warns of a leak where there are more than ten.
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => undefined;
  const callbacks = CALLBACKS.get(signal) ?? listen(signal);
  // Of its own, so that a function given twice is called twice.
  const one = (): void => {
    callback();
  };
  callbacks.add(one);
  return () => callbacks.delete(one);
}

/** The callbacks of a signal that is listened to as long as there are any. */
function listen(signal: AbortSignal): Set<() => void> {
  const callbacks = new Callbacks(() => {
    signal.removeEventListener("abort", callAll);
    CALLBACKS.delete(signal);
  });
  const callAll = (): void => {
    for (const callback of [...callbacks]) callback();
  };
  signal.addEventListener("abort", callAll, { once: true });
  CALLBACKS.set(signal, callbacks);
  return callbacks;
}

/** A set that tells when the last has gone. */
class Callbacks extends Set<() => void> {
  readonly #emptied: () => void;

  constructor(emptied: () => void) {
    super();
    this.#emptied = emptied;
  }

  override delete(callback: () => void): boolean {
    const had = super.delete(callback);
    if (had && this.size === 0) this.#emptied();
    return had;
  }
}

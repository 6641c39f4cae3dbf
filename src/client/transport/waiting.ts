import { TriptychError } from "../../errors/index.ts";
import { onAbort } from "./abort-listeners.ts";
import { cancelledBy } from "./endings.ts";

/** What bounds a call from its start to its end, whatever it waits for. */
export interface CallLimits {
  readonly signal?: AbortSignal | undefined;
  /** When its deadline is, by `performance.now()`: a clock that is set while it waits does not matter. */
  readonly until: number;
}

/** The calls that wait for something before they are sent. */
export class WaitingCalls {
  readonly #waiting = new Set<(reason: TriptychError) => void>();

  /** What a call waits for, unless it is cancelled, out of time or closed before that. */
  wait<T>(what: Promise<T>, limits: CallLimits, label: string): Promise<T> {
    let clean: () => void = () => undefined;
    const ended = new Promise<never>((_, reject) => {
      const unlisten = onAbort(limits.signal, () => {
        reject(cancelledBy(limits.signal));
      });
      const timer = setTimeout(() => {
        reject(outOfTime(label));
      }, limits.until - performance.now());
      this.#waiting.add(reject);
      clean = () => {
        clearTimeout(timer);
        unlisten();
        this.#waiting.delete(reject);
      };
    });
    return Promise.race([what, ended]).finally(clean);
  }

  /** Ends all that wait. */
  stopAll(reason: TriptychError): void {
    for (const reject of this.#waiting) reject(reason);
  }
}

function outOfTime(label: string): TriptychError {
  return new TriptychError("deadline-exceeded", `The deadline passed while the call waited for ${label}.`, {
    hint: "Nothing was sent. Give it more time (deadlineMs), or see what keeps it waiting.",
  });
}

import { TriptychError } from "../../errors/index.ts";
import { checkedSignal } from "../options.ts";
import { onAbort } from "../transport/abort-listeners.ts";

/**
 * What comes back of one or many requests, as it comes. They are sent when an iteration starts, and leaving that cancels
 * them; so does the end of the block of an `await using`, which waits until they are over, and of a `using`, which does not.
 */
export interface AnswerStream<T> extends AsyncIterable<T>, AsyncDisposable, Disposable {}

/** Starts the requests of one iteration; they end when the signal aborts. */
type Begin<T> = (signal: AbortSignal) => AsyncGenerator<T, void, undefined>;

/** One iteration, and what ends it. */
interface Iteration {
  readonly answers: AsyncGenerator<unknown, void, undefined>;
  readonly controller: AbortController;
}

/** A stream whose iterations end when the caller's signal aborts, or when it is disposed of. */
export function answerStream<T>(source: AbortSignal | undefined, begin: Begin<T>): AnswerStream<T> {
  const running = new Set<Iteration>();
  let isOver = false;
  const dispose = async (): Promise<void> => {
    isOver = true;
    for (const { controller } of running) controller.abort(disposed());
    // One that nobody reads on ends by that alone; one that waits for an answer has its failure first.
    await Promise.allSettled([...running].map(({ answers }) => answers.return()));
  };
  return {
    [Symbol.asyncIterator]: () => {
      const controller = new AbortController();
      if (isOver) controller.abort(disposed());
      const iteration: Iteration & { readonly answers: AsyncGenerator<T, void, undefined> } = {
        controller,
        answers: follow(source, controller, begin, () => running.delete(iteration)),
      };
      running.add(iteration);
      return iteration.answers;
    },
    [Symbol.asyncDispose]: dispose,
    [Symbol.dispose]: () => void dispose(),
  };
}

async function* follow<T>(
  source: AbortSignal | undefined,
  controller: AbortController,
  begin: Begin<T>,
  ended: () => void,
): AsyncGenerator<T, void, undefined> {
  const giveUp = (): void => {
    controller.abort(source?.reason);
  };
  if (checkedSignal(source)?.aborted === true) giveUp();
  const unlisten = onAbort(source, giveUp);
  try {
    yield* begin(controller.signal);
  } finally {
    unlisten();
    ended();
  }
}

function disposed(): TriptychError {
  return new TriptychError("cancelled", "The stream was disposed of.");
}

import { type Finding, TriptychError } from "../../errors/index.ts";
import type { ModelInferRequest, ModelInferResponse, UnaryRpcs } from "../protocol/messages.ts";
import type { Backing } from "../shared-memory/open.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { TransportCall } from "../transport/context.ts";
import { cancelledBy, closedError } from "../transport/endings.ts";
import type { Verify } from "../transport/pool/probe.ts";
import type { ResponseStream } from "../transport/responses.ts";
import { differences } from "./differences.ts";
import { errorOf, type RecordedCall, type Session } from "./session.ts";
import { fromJson, type JsonObject, toJson } from "./wire-json.ts";

/** The endpoint of a client that has no server. */
const NOWHERE = "replay:0";

/** A transport that answers out of a session. Each recorded inference answers once, any other call as often as it is made. */
export class ReplayTransport implements Backing {
  readonly endpoint = NOWHERE;
  readonly #left: Set<RecordedCall>;
  readonly #calls: readonly RecordedCall[];
  #closed = false;

  constructor(session: Session) {
    this.#calls = session.calls;
    this.#left = new Set(session.calls);
  }

  async unary<N extends keyof UnaryRpcs>(
    rpc: N,
    request: UnaryRpcs[N]["request"],
    call: TransportCall = {},
  ): Promise<UnaryRpcs[N]["response"]> {
    const { answers, error } = this.#take(rpc, request, call);
    const [response] = answers;
    if (error !== undefined) throw errorOf(error);
    // It was such a response when it was recorded.
    return await Promise.resolve(fromJson(response ?? {}) as UnaryRpcs[N]["response"]);
  }

  stream(request: ModelInferRequest, call: TransportCall = {}): ResponseStream {
    const recorded = this.#take("ModelStreamInfer", request, call);
    let stopped: TriptychError | undefined;
    const isOver = (): TriptychError | undefined => {
      if (call.signal?.aborted === true) return cancelledBy(call.signal);
      return this.#closed ? closedError() : stopped;
    };
    return {
      stop: (reason) => {
        stopped ??= reason;
      },
      [Symbol.asyncIterator]: () => play(recorded, isOver),
    };
  }

  start(verify: Verify): Promise<void> {
    return verify(this, {});
  }

  endpoints(): readonly never[] {
    return [];
  }

  drain(endpoint: string): Promise<void> {
    const problem = `endpoint: expected a server, but ${endpoint} is none of a recorded session.`;
    return Promise.reject(new TriptychError("request-invalid", problem));
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #take(rpc: string, request: object, call: TransportCall): RecordedCall {
    if (this.#closed) throw closedError();
    if (call.signal?.aborted === true) throw cancelledBy(call.signal);
    const wanted = toJson(request);
    const key = keyOf(rpc, wanted);
    const same = this.#calls.filter((one) => keyOf(one.rpc, one.request) === key);
    const found =
      same.find((one) => this.#left.has(one)) ?? (rpc.endsWith("Infer") ? undefined : same.at(-1));
    if (found === undefined) throw this.#mismatch(rpc, wanted, call, same.length);
    this.#left.delete(found);
    return found;
  }

  #mismatch(rpc: string, wanted: JsonObject, { model }: TransportCall, same: number): TriptychError {
    const subject = model === undefined ? rpc : `${rpc} of ${model}`;
    if (same > 0) return usedUp(subject, same);
    const alike = [...this.#left].filter((one) => one.rpc === rpc && one.model === model);
    const [closest] = alike
      .map((one) => differences(one.request, wanted))
      .sort((one, other) => one.length - other.length);
    return mismatch(subject, closest);
  }
}

/** Equal for equal requests: both were made by the same code, key by key. */
function keyOf(rpc: string, request: JsonObject): string {
  return `${rpc} ${JSON.stringify(request)}`;
}

/** How another call differs would only mislead where this very call was recorded. */
function usedUp(subject: string, times: number): TriptychError {
  const recorded = times === 1 ? "once" : `${times} times`;
  const text = `${subject} is not as recorded: it was recorded ${recorded} and played as often, and is made once more.`;
  return new TriptychError("replay-mismatch", cleanText(text), {
    hint: "A recorded inference answers one call: make it as often as when it was recorded, or record the session anew.",
  });
}

function mismatch(subject: string, findings: readonly Finding[] | undefined): TriptychError {
  const [first] = findings ?? [];
  const more = (findings?.length ?? 0) > 1 ? ` (and ${(findings?.length ?? 0) - 1} more)` : "";
  const problem = first === undefined ? "no such call is left" : `${first.message}${more}`;
  return new TriptychError("replay-mismatch", cleanText(`${subject} is not as recorded: ${problem}.`), {
    hint: "Record the session anew if the call is meant to be so; a seed that is drawn at random never is.",
    ...(findings === undefined ? {} : { details: { findings } }),
  });
}

async function* play(
  { answers, error }: RecordedCall,
  isOver: () => TriptychError | undefined,
): AsyncGenerator<ModelInferResponse, void, undefined> {
  for (const answer of answers) {
    // Answers of a server come one at a time: whoever cancels in between is to see it work.
    await Promise.resolve();
    const over = isOver();
    if (over !== undefined) throw over;
    yield fromJson(answer) as ModelInferResponse;
  }
  if (error !== undefined) throw errorOf(error);
}

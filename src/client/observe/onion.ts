import { checkedDeadline, DEFAULT_DEADLINE_MS } from "../options.ts";
import type { ModelInferRequest, ModelInferResponse, UnaryRpcs } from "../protocol/messages.ts";
import type { TransportCall } from "../transport/context.ts";
import { closedError } from "../transport/endings.ts";
import { isFinal, type ResponseStream } from "../transport/responses.ts";
import type { Transport } from "../transport/transport.ts";
import { CallControl } from "./call-control.ts";
import { answerOf, CallView } from "./call-view.ts";
import { foreignAnswer, streamOnion, unaryOnion } from "./layers.ts";
import type { Answer, Middleware } from "./middleware.ts";

/** The transport with middlewares around every call. */
export function withMiddleware(base: Transport, use: readonly Middleware[]): Transport {
  return use.length === 0 ? base : new OnionTransport(base, use);
}

class OnionTransport implements Transport {
  readonly endpoint: string;
  readonly #base: Transport;
  readonly #use: readonly Middleware[];
  readonly #open = new Set<CallControl>();

  constructor(base: Transport, use: readonly Middleware[]) {
    this.endpoint = base.endpoint;
    this.#base = base;
    this.#use = use;
  }

  async unary<N extends keyof UnaryRpcs>(
    rpc: N,
    request: UnaryRpcs[N]["request"],
    call: TransportCall = {},
  ): Promise<UnaryRpcs[N]["response"]> {
    const { control, view } = this.#begin(rpc, request, call);
    const responses = new WeakMap<Answer, UnaryRpcs[N]["response"]>();
    const core = async (): Promise<Answer> => {
      control.entered();
      try {
        const response = await this.#base.unary(rpc, request, inner(call, control, view));
        return remember(responses, answerOf(response, call, true), response);
      } finally {
        control.left();
      }
    };
    try {
      return responseOf(responses, await control.bounded(unaryOnion(this.#use, view, core)()));
    } finally {
      this.#end(control);
    }
  }

  stream(request: ModelInferRequest, call: TransportCall = {}): ResponseStream {
    const { control, view } = this.#begin("ModelStreamInfer", request, call);
    const responses = new WeakMap<Answer, ModelInferResponse>();
    let running: ResponseStream | undefined;
    const core = async function* (base: Transport): AsyncGenerator<Answer, void, undefined> {
      control.entered();
      try {
        running = base.stream(request, inner(call, control, view));
        for await (const response of running) {
          yield remember(responses, answerOf(response, call, isFinal(response)), response);
        }
      } finally {
        running = undefined;
        control.left();
      }
    };
    const answers = streamOnion(this.#use, view, () => core(this.#base));
    return {
      stop: (reason) => {
        if (running === undefined) control.stop(reason);
        else running.stop(reason);
      },
      [Symbol.asyncIterator]: () => this.#drive(answers, responses, control),
    };
  }

  async close(): Promise<void> {
    for (const control of this.#open) control.stop(closedError());
    await this.#base.close();
  }

  #begin(rpc: CallView["rpc"], request: object, call: TransportCall): Begun {
    const deadlineMs = checkedDeadline(call.deadlineMs ?? DEFAULT_DEADLINE_MS);
    const control = new CallControl(deadlineMs, call.signal);
    this.#open.add(control);
    const { endpoint } = this;
    const view = new CallView({ rpc, endpoint, request, call, deadlineMs, signal: control.signal });
    return { control, view };
  }

  #end(control: CallControl): void {
    control.release();
    this.#open.delete(control);
  }

  async *#drive(
    answers: () => AsyncIterable<Answer>,
    responses: WeakMap<Answer, ModelInferResponse>,
    control: CallControl,
  ): AsyncGenerator<ModelInferResponse, void, undefined> {
    const iterator: AsyncIterator<Answer, unknown> = answers()[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await control.bounded(iterator.next());
        if (next.done === true) return;
        yield responseOf(responses, next.value);
      }
    } finally {
      this.#end(control);
      const leaving = Promise.resolve(iterator.return?.()).catch(() => undefined);
      // One that was given up may still wait for something, and would keep its caller waiting too.
      if (control.failed === undefined) await leaving;
    }
  }
}

interface Begun {
  readonly control: CallControl;
  readonly view: CallView;
}

/** The call as the transport makes it: with the headers that were added, and what is left of its time. */
function inner(call: TransportCall, control: CallControl, { headers }: CallView): TransportCall {
  return { ...call, headers: Object.fromEntries(headers), deadlineMs: control.msLeft };
}

function remember<R extends object>(responses: WeakMap<Answer, R>, answer: Answer, response: R): Answer {
  responses.set(answer, response);
  return answer;
}

function responseOf<R extends object>(responses: WeakMap<Answer, R>, answer: Answer): R {
  const response = responses.get(answer);
  if (response === undefined) throw foreignAnswer();
  return response;
}

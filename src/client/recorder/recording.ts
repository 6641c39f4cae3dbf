import type { ModelInferResponse } from "../protocol/messages.ts";
import type { TransportCall } from "../transport/context.ts";
import type { ResponseStream } from "../transport/responses.ts";
import type { Transport } from "../transport/transport.ts";
import { type RecordedCall, recordedError, type Session } from "./session.ts";
import { type JsonObject, toJson } from "./wire-json.ts";

/** The transport with every call noted, once it is over. */
export function recording(base: Transport, session: Session | undefined): Transport {
  if (session === undefined) return base;
  return {
    endpoint: base.endpoint,
    close: () => base.close(),
    unary: async (rpc, request, call) => {
      const begun = callOf(rpc, request, call);
      try {
        const response = await base.unary(rpc, request, call);
        session.add({ ...begun, answers: [toJson(response)] });
        return response;
      } catch (reason) {
        session.add({ ...begun, answers: [], error: recordedError(reason) });
        throw reason;
      }
    },
    stream: (request, call) =>
      recordedStream(base.stream(request, call), callOf("ModelStreamInfer", request, call), session),
  };
}

function callOf(
  rpc: string,
  request: object,
  call: TransportCall | undefined,
): Omit<RecordedCall, "answers"> {
  const model = call?.model;
  return { rpc, ...(model === undefined ? {} : { model }), request: toJson(request) };
}

function recordedStream(
  responses: ResponseStream,
  begun: Omit<RecordedCall, "answers">,
  session: Session,
): ResponseStream {
  return {
    stop: (reason) => {
      responses.stop(reason);
    },
    [Symbol.asyncIterator]: () => recorded(responses, begun, session),
  };
}

async function* recorded(
  responses: ResponseStream,
  begun: Omit<RecordedCall, "answers">,
  session: Session,
): AsyncGenerator<ModelInferResponse, void, undefined> {
  const answers: JsonObject[] = [];
  let error: RecordedCall["error"];
  try {
    for await (const response of responses) {
      answers.push(toJson(response));
      yield response;
    }
  } catch (reason) {
    error = recordedError(reason);
    throw reason;
  } finally {
    session.add({ ...begun, answers, ...(error === undefined ? {} : { error }) });
  }
}

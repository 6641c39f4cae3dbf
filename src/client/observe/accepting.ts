import type { ModelInferResponse } from "../protocol/messages.ts";
import type { ResponseStream } from "../transport/responses.ts";
import type { Transport } from "../transport/transport.ts";

/** The transport where an answer counts only once its call has accepted it. */
export function accepting(base: Transport): Transport {
  return {
    endpoint: base.endpoint,
    close: () => base.close(),
    unary: async (rpc, request, call) => {
      const response = await base.unary(rpc, request, call);
      // Only calls of ModelInfer have something to accept.
      call?.accept?.(response as ModelInferResponse);
      return response;
    },
    stream: (request, call) => {
      const responses = base.stream(request, call);
      return call?.accept === undefined ? responses : accepted(responses, call.accept);
    },
  };
}

function accepted(responses: ResponseStream, accept: (response: ModelInferResponse) => void): ResponseStream {
  return {
    stop: (reason) => {
      responses.stop(reason);
    },
    async *[Symbol.asyncIterator]() {
      for await (const response of responses) {
        accept(response);
        yield response;
      }
    },
  };
}

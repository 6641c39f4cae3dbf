import type { Client, ClientDuplexStream } from "@grpc/grpc-js";
import { TriptychError } from "../../errors/index.ts";
import type {
  ModelInferRequest,
  ModelInferResponse,
  ModelStreamInferResponse,
} from "../protocol/messages.ts";
import { rpc } from "../protocol/service.ts";
import { type CallContext, deadlineOf } from "./context.ts";
import { CallGuard } from "./guard.ts";
import { isFinal, type ResponseStream } from "./responses.ts";
import { messageError, unfinished } from "./status.ts";
import { watched } from "./watch.ts";

/** How long a server may take to close a stream after its final response. */
const CLOSING_MS = 2000;

type Call = ClientDuplexStream<ModelInferRequest, ModelStreamInferResponse>;

/**
 * Sends one request on a stream of its own, so that it can be cancelled alone.
 *
 * Buffering: responses are read as they are asked for. Up to 16 wait decoded in the gRPC library,
 * further ones in the connection's flow-control window and then at the server; none is dropped.
 */
export function openStream(
  client: Client,
  request: ModelInferRequest,
  context: CallContext,
  running: Set<CallGuard>,
): ResponseStream {
  const method = rpc("ModelStreamInfer");
  const { serialize, deserialize } = watched(method, context.watch);
  // Without the header triton_grpc_error, failures come as text. With it Triton 2.51 ends the stream at once and
  // crashes when the model's final flag arrives after that.
  const options = { deadline: deadlineOf(context) };
  const call: Call = client.makeBidiStreamRequest(
    method.path,
    serialize,
    deserialize,
    context.metadata,
    options,
  );
  // Cancelling emits an error; without a listener that would end the process.
  call.on("error", () => undefined);
  const guard = new CallGuard(call, context, running);
  call.once("status", () => {
    guard.release();
  });
  call.write(request, () => context.watch?.sent());
  call.end();
  return {
    stop: (reason) => {
      guard.stop(reason);
    },
    [Symbol.asyncIterator]: () => responsesOf(call, guard, context),
  };
}

async function* responsesOf(
  call: Call,
  guard: CallGuard,
  context: CallContext,
): AsyncGenerator<ModelInferResponse, void, undefined> {
  let closing: NodeJS.Timeout | undefined;
  let failed: TriptychError | undefined;
  try {
    const messages = call.iterator({ destroyOnReturn: false }) as AsyncIterable<ModelStreamInferResponse>;
    for await (const message of messages) {
      if (closing !== undefined) continue; // nothing counts after the final response
      guard.throwIfStopped();
      failed = failureIn(message, context);
      if (failed !== undefined) break;
      const response = responseIn(message, context);
      if (isFinal(response)) closing = cancelLater(call);
      if (closing === undefined || response.outputs.length > 0) yield response;
    }
  } catch (reason) {
    if (closing === undefined) throw guard.explain(reason);
  } finally {
    clearTimeout(closing);
    if (failed === undefined)
      call.cancel(); // leaving the loop does not do that by itself
    else drain(call);
  }
  if (failed !== undefined) throw failed;
  // It was asked for a mark after the last answer, so without one there may have been more.
  if (closing === undefined) throw unfinished(context);
}

/** Lets the server end a stream that failed: it still has its end mark to send, and crashes if it cannot. */
function drain(call: Call): void {
  const closing = cancelLater(call);
  call.once("status", () => {
    clearTimeout(closing);
  });
  call.resume();
}

function failureIn(message: ModelStreamInferResponse, context: CallContext): TriptychError | undefined {
  return message.error_message === "" ? undefined : messageError(message.error_message, context);
}

/** A server that does not end a finished stream gets it ended. */
function cancelLater(call: Call): NodeJS.Timeout {
  return setTimeout(() => {
    call.cancel();
  }, CLOSING_MS).unref();
}

function responseIn(message: ModelStreamInferResponse, context: CallContext): ModelInferResponse {
  if (message.infer_response !== null) return message.infer_response;
  throw new TriptychError(
    "response-invalid",
    `${context.endpoint}: the server sent a response without content.`,
  );
}

import { status as Status } from "@grpc/grpc-js";
import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { type TriptychError, toTriptychError } from "../../errors/index.ts";
import { rpc } from "../protocol/service.ts";
import type { Answer, Call, Middleware } from "./middleware.ts";

/** What is traced. */
export interface OpenTelemetryOptions {
  /** Names the tracer; `triptych-sdk` by default. */
  readonly tracer?: string | undefined;
  /** True for questions to the server too, such as whether it is ready; only inferences by default. */
  readonly admin?: boolean | undefined;
}

/**
 * A middleware that makes a client span of every call, by the conventions for gRPC, and sends its context along
 * (`traceparent`, with the global propagator), so that a Triton that traces puts its own spans below. It uses the global
 * tracer provider; without one it does nothing.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Middleware {
  const tracer = trace.getTracer(options.tracer ?? "triptych-sdk");
  const isTraced = ({ rpc }: Call): boolean => options.admin === true || rpc.endsWith("Infer");
  return {
    name: "openTelemetry",
    unary: async (call, next) => {
      if (!isTraced(call)) return next();
      const traced = new TracedCall(tracer, call);
      try {
        const answer = await context.with(traced.context, next);
        traced.ended(answer);
        return answer;
      } catch (reason) {
        traced.failed(toTriptychError(reason));
        throw reason;
      }
    },
    stream: (call, next) => tracedStream(new TracedCall(tracer, call), next),
  };
}

async function* tracedStream(
  traced: TracedCall,
  next: () => AsyncIterable<Answer>,
): AsyncGenerator<Answer, void, undefined> {
  let last: Answer | undefined;
  try {
    for await (const answer of context.with(traced.context, next)) {
      last = answer;
      traced.answered(answer);
      yield answer;
    }
    traced.ended(last);
  } catch (reason) {
    traced.failed(toTriptychError(reason));
    throw reason;
  } finally {
    traced.left(last);
  }
}

/** The span of one call; it ends once. */
class TracedCall {
  /** The one in which the call is made. */
  readonly context: Context;
  readonly #span: Span;
  #over = false;

  constructor(tracer: Tracer, call: Call) {
    this.#span = tracer.startSpan(methodOf(call), { kind: SpanKind.CLIENT, attributes: attributesOf(call) });
    this.context = trace.setSpan(context.active(), this.#span);
    propagation.inject(this.context, call.headers, {
      set: (headers, name, value) => {
        headers.set(name.toLowerCase(), value);
      },
    });
  }

  /** One of the answers of a stream: a step of a clip, for one. */
  answered({ outputs, final }: Answer): void {
    this.#span.addEvent("triton.answer", {
      "triton.outputs": outputs.map(({ name }) => name),
      "triton.final": final,
    });
  }

  ended(last: Answer | undefined): void {
    const version = last?.modelVersion;
    if (version !== undefined) this.#span.setAttribute("triton.model.version", version);
    this.#end("OK");
  }

  failed(error: TriptychError): void {
    this.#span.setAttribute("error.type", error.code);
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    this.#end(statusOf(error));
  }

  /** The reader has left the stream, before or after its last answer. */
  left(last: Answer | undefined): void {
    if (this.#over) return;
    if (last?.final === true) {
      this.ended(last);
      return;
    }
    this.#span.setAttribute("error.type", "cancelled");
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: "the stream was left before its end" });
    this.#end("CANCELLED");
  }

  #end(status: string): void {
    this.#over = true;
    this.#span.setAttribute("rpc.response.status_code", status);
    this.#span.end();
  }
}

function methodOf(call: Call): string {
  return rpc(call.rpc).path.slice(1);
}

function attributesOf(call: Call): Attributes {
  const { model, requestId, endpoint, deadlineMs } = call;
  const [, host = endpoint, port] = /^(?:[a-z0-9]+:\/*)?(.*?)(?::(\d+))?$/.exec(endpoint) ?? [];
  return {
    "rpc.system.name": "grpc",
    "rpc.method": methodOf(call),
    "server.address": host,
    ...(port === undefined ? {} : { "server.port": Number(port) }),
    ...(model === undefined ? {} : { "triton.model.name": model }),
    ...(requestId === "" ? {} : { "triton.request.id": requestId }),
    "triptych.deadline_ms": deadlineMs,
  };
}

/** The gRPC status that the call ended with; a call that was answered may still fail for its content. */
function statusOf({ code, details }: TriptychError): string {
  if (details.grpcStatus !== undefined) return Status[details.grpcStatus] ?? String(details.grpcStatus);
  if (code === "cancelled") return "CANCELLED";
  return code === "deadline-exceeded" ? "DEADLINE_EXCEEDED" : "OK";
}

import { status as Status } from "@grpc/grpc-js";
import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { failure } from "../testing/fake-triton.ts";
import { firstOf, progressOf, responseOf } from "../testing/messages.ts";
import { CONTEXT, studioUsing } from "../testing/middleware.ts";
import { playClip } from "../testing/toy-server.ts";
import { bearerToken } from "./bearer-token.ts";
import { openTelemetry } from "./opentelemetry.ts";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

beforeAll(() => {
  provider.register();
});
afterEach(() => {
  exporter.reset();
});
afterAll(async () => {
  await provider.shutdown();
  for (const part of [trace, context, propagation]) part.disable();
});

/** The only span there is. */
function onlySpan(): ReadableSpan {
  const [span, ...more] = exporter.getFinishedSpans();
  if (span === undefined || more.length > 0) throw new Error(`expected one span, got ${more.length + 1}`);
  return span;
}

/** What `traceparent` says of a span. */
const parentOf = (span: ReadableSpan): string =>
  `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`;

describe("openTelemetry", () => {
  it("makes a client span by the conventions for gRPC, and sends its context to the server", async () => {
    const seen: unknown[] = [];
    const { infer, server } = await studioUsing([openTelemetry()], {
      ModelInfer: (request, call) => {
        seen.push(...call.metadata.get("traceparent"));
        return responseOf(request, { CONTEXT });
      },
    });
    await infer();
    const span = onlySpan();
    expect(span).toMatchObject({
      name: "inference.GRPCInferenceService/ModelInfer",
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        "rpc.system.name": "grpc",
        "rpc.method": "inference.GRPCInferenceService/ModelInfer",
        "rpc.response.status_code": "OK",
        "server.address": "127.0.0.1",
        "server.port": Number(server.endpoint.split(":")[1]),
        "triton.model.name": "text_encoder",
        "triton.model.version": "1",
        "triton.request.id": "job-7",
      },
    });
    expect(seen).toEqual([parentOf(span)]);
  });

  it("stands below the span that is active, and above what other middlewares trace", async () => {
    const { infer } = await studioUsing([
      openTelemetry(),
      bearerToken(() => {
        trace.getTracer("test").startSpan("token").end();
        return "secret";
      }),
    ]);
    exporter.reset();
    await trace.getTracer("test").startActiveSpan("request", async (span) => {
      await infer();
      span.end();
    });
    const byName = new Map(exporter.getFinishedSpans().map((span) => [span.name.split("/").at(-1), span]));
    expect(byName.get("ModelInfer")?.parentSpanContext?.spanId).toBe(
      byName.get("request")?.spanContext().spanId,
    );
    expect(JSON.stringify(byName.get("ModelInfer")?.attributes)).not.toContain("secret");
  });

  it("has an event for each answer of a stream, and one span for the whole", async () => {
    const { draft, server } = await studioUsing([openTelemetry()]);
    await draft().result;
    const span = onlySpan();
    expect(span.name).toBe("inference.GRPCInferenceService/ModelStreamInfer");
    expect(span.events.map(({ name }) => name)).toEqual(Array(6).fill("triton.answer"));
    expect(span.events[0]?.attributes?.["triton.outputs"]).toContain("STAGE");
    expect(span.attributes["rpc.response.status_code"]).toBe("OK");
    expect(server.streams[0]?.header("traceparent")).toBe(parentOf(span));
  });

  it("says how a call failed, or that its stream was left", async () => {
    let turn = 0;
    const { infer, draft } = await studioUsing([openTelemetry()], {
      ModelInfer: () => {
        throw failure(Status.INVALID_ARGUMENT, "no such thing");
      },
      ModelStreamInfer: (stream) => {
        turn += 1;
        if (turn === 1) stream.send(progressOf("tokenizer", 1, 1, 1));
        else if (turn === 2) stream.complain("boom");
        else playClip(stream);
      },
    });
    await infer().catch(() => undefined);
    const left = draft();
    await firstOf(left);
    await left.result.catch(() => undefined);
    await draft().result.catch(() => undefined);
    const ends = exporter
      .getFinishedSpans()
      .map(({ status, attributes }) => [
        status.code,
        attributes["rpc.response.status_code"],
        attributes["error.type"],
      ]);
    expect(ends).toEqual([
      [SpanStatusCode.ERROR, "INVALID_ARGUMENT", "request-invalid"],
      [SpanStatusCode.ERROR, "CANCELLED", "cancelled"],
      [SpanStatusCode.ERROR, "OK", "inference-failed"],
    ]);
  });

  it("traces questions to the server only where it is asked to", async () => {
    const { studio } = await studioUsing([openTelemetry({ admin: true })]);
    exporter.reset();
    await studio.server.ready();
    expect(onlySpan().name).toBe("inference.GRPCInferenceService/ServerReady");
  });
});

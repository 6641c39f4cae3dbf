import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { context, propagation, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connect,
  type MetricsFormat,
  metricsText,
  type OpenStudio,
  replay,
  Session,
} from "../src/client/index.ts";
import { openTelemetry } from "../src/client/observe/opentelemetry.ts";
import { startTriton, type TritonServer } from "../src/server/index.ts";
import { tensor } from "../src/tensor/index.ts";
import { pythonOf, ROOT, temporaryFolder } from "./support.ts";

const MODELS = ["identity", "repeat"] as const;

let server: TritonServer;
let studio: OpenStudio;

/** A span as OTLP has it in JSON. */
interface ExportedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly parentSpanId: string;
}

/** Takes in what Triton exports, as OTLP over HTTP. */
const exported: string[] = [];
const collector = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    exported.push(body);
    response.end();
  });
});

/** The spans that Triton has exported, each with its parent. */
function serverSpans(): ExportedSpan[] {
  interface Body {
    readonly resourceSpans: readonly {
      readonly scopeSpans: readonly { readonly spans: readonly ExportedSpan[] }[];
    }[];
  }
  const bodies = exported.map((body) => JSON.parse(body) as Body);
  return bodies
    .flatMap(({ resourceSpans }) => resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans);
}

beforeAll(async () => {
  const folder = temporaryFolder("observed-models");
  for (const name of MODELS) {
    cpSync(path.join(ROOT, "e2e/fixtures/models", name), path.join(folder, name), { recursive: true });
  }
  await new Promise<void>((resolve) => {
    collector.listen(0, "127.0.0.1", resolve);
  });
  server = await startTriton({ kind: "embedded", modelRepository: folder, flags: tracingFlags() });
  studio = await connect(server.grpcEndpoint);
});

afterAll(async () => {
  await studio.close();
  await server.stop();
  collector.close();
});

/** Traces only what comes with a context of its own, and exports it soon. */
function tracingFlags(): string[] {
  const { port } = collector.address() as { readonly port: number };
  return [
    "--trace-config=mode=opentelemetry",
    "--trace-config=level=TIMESTAMPS",
    "--trace-config=rate=0",
    `--trace-config=opentelemetry,url=http://127.0.0.1:${port}/v1/traces`,
    "--trace-config=opentelemetry,bsp_schedule_delay=200",
  ];
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** What the parsers of Prometheus' own Python client read in a text. */
function judged(text: string, format: MetricsFormat): Family[] {
  const output = execFileSync(pythonOf("judge"), [path.join(ROOT, "e2e/judges/metrics.py"), format], {
    input: text,
  });
  return JSON.parse(output.toString()) as Family[];
}

const identity = (values: Float32Array) =>
  studio.model("identity").infer({ INPUT: tensor("FP32", [values.length], values) });

async function repeat(times: number): Promise<number> {
  let last = 0;
  const inputs = { TIMES: tensor("INT32", [1], Int32Array.of(times)) };
  for await (const { timings } of studio.model("repeat").stream(inputs)) {
    expect(timings.sinceLastMs).toBeGreaterThanOrEqual(0);
    last = timings.totalMs;
  }
  return last;
}

describe("what a client counts", () => {
  it("is what Triton has counted, call for call and time within time", async () => {
    const size = 1 << 20;
    for (let call = 0; call < 3; call += 1) {
      const { timings } = await identity(new Float32Array(size));
      expect(Math.min(timings.encodeMs, timings.sendMs, timings.waitMs, timings.receiveMs)).toBeGreaterThan(
        -1e-9,
      );
    }
    await identity(new Float32Array(1)).then(() => repeat(3));
    await expect(studio.model("identity").infer({})).rejects.toMatchObject({ code: "request-invalid" });
    const [counted] = await studio.server.statistics("identity");
    const metrics = studio
      .metrics()
      .calls.find(({ rpc, model }) => rpc === "ModelInfer" && model === "identity");
    // A request that was refused here was no call.
    expect(counted?.success.count).toBe(4n);
    expect(metrics).toMatchObject({ inFlight: 0, outcomes: { ok: 4 }, latencyMs: { count: 4 }, answers: 4 });
    expect(metrics?.requestBytes.max).toBeGreaterThan(4 * size);
    expect(metrics?.requestBytes.max).toBeLessThan(4 * size + 200);
    expect(metrics?.responseBytes.max).toBeGreaterThan(4 * size);
    // The server's account of the same calls lies within the client's.
    expect(metrics?.latencyMs.sum).toBeGreaterThan(Number(counted?.success.ns) / 1e6);
  });

  it.each(["prometheus", "openmetrics"] as const)("is read by Prometheus' own parser: %s", (format) => {
    const metrics = studio.metrics();
    const families = judged(metricsText(metrics, format), format);
    const samples = families.flatMap((family) => family.samples);
    const valueOf = (name: string, rpc: string, labels: Readonly<Record<string, string>>) =>
      samples.find(
        (sample) =>
          sample.name === name &&
          sample.labels["rpc"] === rpc &&
          Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      )?.value;
    expect(families.map(({ type }) => type).filter((type) => type !== "histogram")).toEqual([
      "counter",
      "counter",
      "counter",
      "gauge",
    ]);
    const calls = metrics.calls.filter(({ model }) => model === "identity" || model === "repeat");
    expect(calls.length).toBeGreaterThanOrEqual(2);
    for (const { rpc, model = "", outcomes, latencyMs, responseBytes, answers } of calls) {
      expect(valueOf("triptych_client_calls_total", rpc, { model, outcome: "ok" })).toBe(outcomes.ok);
      expect(valueOf("triptych_client_answers_total", rpc, { model })).toBe(answers);
      const name = "triptych_client_call_duration_seconds";
      expect(valueOf(`${name}_count`, rpc, { model })).toBe(latencyMs.count);
      expect(valueOf(`${name}_bucket`, rpc, { model, le: "+Inf" })).toBe(latencyMs.count);
      expect(valueOf(`${name}_sum`, rpc, { model })).toBeCloseTo(latencyMs.sum / 1000, 9);
      expect(valueOf("triptych_client_response_bytes_sum", rpc, { model })).toBe(responseBytes.sum);
    }
  });

  it("keeps odd names whole in both formats", () => {
    const [call] = studio.metrics().calls;
    const odd = 'a "b" \\ c\nd 四';
    const metrics = { ...studio.metrics(), calls: call === undefined ? [] : [{ ...call, model: odd }] };
    for (const format of ["prometheus", "openmetrics"] as const) {
      const [first] = judged(metricsText(metrics, format), format).flatMap((family) => family.samples);
      expect(first?.labels["model"]).toBe(odd);
    }
  });
});

describe("a traced call", () => {
  it("has Triton's own spans below it, unary and stream", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    provider.register();
    try {
      await using traced = await connect(server.grpcEndpoint, { use: [openTelemetry()] });
      await traced.model("identity").infer({ INPUT: tensor("FP32", [1], Float32Array.of(1)) });
      const inputs = { TIMES: tensor("INT32", [1], Int32Array.of(2)) };
      for await (const { final } of traced.model("repeat").stream(inputs)) expect(final).toBeDefined();
      const spans = exporter.getFinishedSpans().map((span) => span.spanContext());
      expect(spans).toHaveLength(2);
      for (const { traceId, spanId } of spans) {
        await expect
          .poll(() => serverSpans().filter((span) => span.parentSpanId === spanId), { timeout: 60_000 })
          .toMatchObject([{ name: "InferRequest", traceId }]);
      }
    } finally {
      await provider.shutdown();
      for (const part of [trace, context, propagation]) part.disable();
    }
  });
});

describe("a session with the real server", () => {
  it("is the same again without one", async () => {
    const session = new Session();
    const work = async (studio: OpenStudio): Promise<unknown> => {
      const { outputs } = await studio
        .model("identity")
        .infer({ INPUT: tensor("FP32", [2], Float32Array.of(1, 2)) });
      const inputs = { TIMES: tensor("INT32", [1], Int32Array.of(3)), TEXT: tensor("BYTES", [1], ["四"]) };
      const answers: unknown[] = [outputs, await studio.server.metadata()];
      for await (const { outputs: part, final } of studio.model("repeat").stream(inputs))
        answers.push([part, final]);
      const refused = studio.model("nobody").infer({});
      answers.push(await refused.catch((reason: unknown) => String(reason)));
      return answers;
    };
    await using live = await connect(server.grpcEndpoint, { record: session });
    const answers = await work(live);
    await using again = await replay(Session.parse(session.toText()));
    expect(await work(again)).toEqual(answers);
    expect(answers).toHaveLength(6);
  });
});

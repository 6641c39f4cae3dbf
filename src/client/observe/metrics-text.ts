import { TriptychError } from "../../errors/index.ts";
import { shownValue } from "../shown.ts";
import type { HistogramData } from "./histogram.ts";
import type { CallMetrics, ClientMetrics } from "./metrics.ts";

/** The two text formats that a Prometheus server reads. */
export type MetricsFormat = "prometheus" | "openmetrics";

type Labels = Readonly<Record<string, string>>;

/** A sample: what its name has at the end, its labels, its value. */
type Sample = readonly [suffix: string, labels: Labels, value: number];

interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly unit?: "seconds" | "bytes";
  readonly help: string;
  readonly samples: (call: CallMetrics) => readonly Sample[];
}

const MS = 1 / 1000;

const FAMILIES: readonly Family[] = [
  {
    name: "triptych_client_calls",
    type: "counter",
    help: "Calls that have ended, by outcome: ok or an error code.",
    samples: ({ outcomes }) =>
      Object.entries(outcomes).map(([outcome, count]) => ["_total", { outcome }, count]),
  },
  {
    name: "triptych_client_retries",
    type: "counter",
    help: "Times a call was tried again.",
    samples: ({ retries }) => [["_total", {}, retries]],
  },
  {
    name: "triptych_client_answers",
    type: "counter",
    help: "Answers that came; a stream has any number.",
    samples: ({ answers }) => [["_total", {}, answers]],
  },
  {
    name: "triptych_client_calls_in_flight",
    type: "gauge",
    help: "Calls under way now.",
    samples: ({ inFlight }) => [["", {}, inFlight]],
  },
  {
    name: "triptych_client_call_duration_seconds",
    type: "histogram",
    unit: "seconds",
    help: "From the call to its end, however it ended.",
    samples: ({ latencyMs }) => histogram(latencyMs, MS),
  },
  {
    name: "triptych_client_first_response_seconds",
    type: "histogram",
    unit: "seconds",
    help: "From the call until its first answer was whole.",
    samples: ({ firstResponseMs }) => histogram(firstResponseMs, MS),
  },
  {
    name: "triptych_client_request_bytes",
    type: "histogram",
    unit: "bytes",
    help: "Bytes of the message sent for one call.",
    samples: ({ requestBytes }) => histogram(requestBytes, 1),
  },
  {
    name: "triptych_client_response_bytes",
    type: "histogram",
    unit: "bytes",
    help: "Bytes of all messages that came back for one call.",
    samples: ({ responseBytes }) => histogram(responseBytes, 1),
  },
];

/**
 * What a client has counted, as text for a Prometheus server: the answer to its scrape.
 * Serve it as `text/plain; version=0.0.4`, or `application/openmetrics-text; version=1.0.0` where that was asked for.
 *
 * @throws TriptychError `request-invalid` for another format.
 */
export function metricsText(metrics: ClientMetrics, format: MetricsFormat = "prometheus"): string {
  checkFormat(format);
  const lines = FAMILIES.flatMap((family) => familyLines(family, metrics, format));
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

/** One that is misspelt would give the other format in silence. */
function checkFormat(format: unknown): void {
  if (format === "prometheus" || format === "openmetrics") return;
  throw new TriptychError(
    "request-invalid",
    `metricsText: expected prometheus or openmetrics, got ${shownValue(format)}.`,
  );
}

function familyLines(family: Family, { endpoint, calls }: ClientMetrics, format: MetricsFormat): string[] {
  const { name, type, unit, help, samples } = family;
  const open = format === "openmetrics";
  const title = type === "counter" && !open ? `${name}_total` : name;
  return [
    `# HELP ${title} ${help}`,
    `# TYPE ${title} ${type}`,
    ...(open && unit !== undefined ? [`# UNIT ${title} ${unit}`] : []),
    ...calls.flatMap((call) => {
      const own = { endpoint, rpc: call.rpc, model: call.model ?? "" };
      return samples(call).map(([suffix, labels, value]) =>
        sampleLine(name + suffix, { ...own, ...labels }, value),
      );
    }),
  ];
}

function histogram({ buckets, count, sum }: HistogramData, scale: number): Sample[] {
  const bounded = buckets.map(
    ({ upTo, count: below }): Sample => ["_bucket", { le: numberText(upTo * scale) }, below],
  );
  return [...bounded, ["_bucket", { le: "+Inf" }, count], ["_count", {}, count], ["_sum", {}, sum * scale]];
}

function sampleLine(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}{${pairs.join(",")}} ${value}`;
}

/** OpenMetrics wants bounds written as floats. */
function numberText(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function escaped(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');
}

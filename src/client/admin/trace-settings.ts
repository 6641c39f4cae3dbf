import type { CallOptions } from "../options.ts";
import type { TraceMessage } from "../protocol/admin-messages.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { Transport } from "../transport/transport.ts";
import { givenChanges, wrongSetting } from "./changes.ts";

/** What is traced of a request: nothing, when it passed where, or its tensors too. */
export type TraceLevel = "OFF" | "TIMESTAMPS" | "TENSORS";

/** How the server traces requests. */
export interface TraceSettings {
  readonly level: readonly TraceLevel[];
  /** One of so many requests is traced. */
  readonly rate: number;
  /** Traces still to be made; −1 for any number. */
  readonly count: number;
  /** Traces that are written to one file; 0 for all. */
  readonly logFrequency: number;
  /** Where they are written; only the server's command line says so. */
  readonly file: string;
  /** `triton` or `opentelemetry`. */
  readonly mode: string;
}

/** What to change of it; `null` sets back to what is set for all models, or at the start. */
export interface TraceChanges {
  readonly level?: TraceLevel | readonly TraceLevel[] | null | undefined;
  readonly rate?: number | null | undefined;
  readonly count?: number | null | undefined;
  readonly logFrequency?: number | null | undefined;
}

/** Whose tracing is meant. */
export interface TraceOptions extends CallOptions {
  /** A model's own settings; by default those of all models that have none of their own. */
  readonly model?: string | undefined;
}

const LEVELS: readonly TraceLevel[] = ["OFF", "TIMESTAMPS", "TENSORS"];

const TRACE_NAMES: Readonly<Record<keyof TraceChanges, string>> = {
  level: "trace_level",
  rate: "trace_rate",
  count: "trace_count",
  logFrequency: "log_frequency",
};

/** Asks for the settings of the tracing, after the changes where there are any. */
export async function traceSettings(
  transport: Transport,
  changes: TraceChanges,
  options: TraceOptions = {},
): Promise<TraceSettings> {
  const settings = Object.fromEntries(
    givenChanges(changes, Object.keys(TRACE_NAMES)).map(([name, value]) => {
      const wire = TRACE_NAMES[name as keyof TraceChanges];
      return [wire, { value: value === null ? [] : traceValue(name, value) }] as const;
    }),
  );
  const request = { settings, model_name: options.model ?? "" };
  return readTrace(await transport.unary("TraceSetting", request, options));
}

/** The server ignores levels that it does not know, so that they are refused here. */
function traceValue(name: string, value: unknown): readonly string[] {
  if (name === "level") {
    const levels: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (levels.length > 0 && levels.every((one) => LEVELS.includes(one as TraceLevel)))
      return levels as string[];
    throw wrongSetting(name, LEVELS.join(", "), value);
  }
  const min = name === "count" ? -1 : 0;
  if (Number.isSafeInteger(value) && (value as number) >= min) return [String(value)];
  throw wrongSetting(name, `a whole number from ${min}`, value);
}

function readTrace({ settings }: TraceMessage): TraceSettings {
  const textOf = (name: string): string => cleanText(settings[name]?.value[0] ?? "");
  const known = new Set(settings["trace_level"]?.value);
  return {
    level: LEVELS.filter((level) => known.has(level)),
    rate: Number(textOf("trace_rate")),
    count: Number(textOf("trace_count")),
    logFrequency: Number(textOf("log_frequency")),
    file: textOf("trace_file"),
    mode: textOf("trace_mode"),
  };
}

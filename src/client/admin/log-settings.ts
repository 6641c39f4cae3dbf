import type { CallOptions } from "../options.ts";
import type { LogMessage, LogValue } from "../protocol/admin-messages.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { Transport } from "../transport/transport.ts";
import { givenChanges, wrongSetting } from "./changes.ts";

/** What the server writes into its log. */
export interface LogSettings {
  readonly info: boolean;
  readonly warning: boolean;
  readonly error: boolean;
  /** 0 for none. */
  readonly verboseLevel: number;
  readonly format: "default" | "ISO8601" | "unknown";
  /** Where it is written, empty for the console; only the server's command line says so. */
  readonly file: string;
}

/** What to change of it. */
export type LogChanges = {
  readonly [K in keyof Omit<LogSettings, "file" | "format">]?: LogSettings[K] | undefined;
} & {
  readonly format?: "default" | "ISO8601" | undefined;
};

const LOG_NAMES: Readonly<Record<keyof LogChanges, string>> = {
  info: "log_info",
  warning: "log_warning",
  error: "log_error",
  verboseLevel: "log_verbose_level",
  format: "log_format",
};

/** Asks for the settings of the log, after the changes where there are any. */
export async function logSettings(
  transport: Transport,
  changes: LogChanges,
  options?: CallOptions,
): Promise<LogSettings> {
  const settings = Object.fromEntries(
    givenChanges(changes, Object.keys(LOG_NAMES)).map(([name, value]) => [
      LOG_NAMES[name as keyof LogChanges],
      logValue(name, value),
    ]),
  );
  return readLog(await transport.unary("LogSettings", { settings }, options));
}

function logValue(name: string, value: unknown): LogValue {
  if (name === "format") {
    if (value === "default" || value === "ISO8601") return { string_param: value };
    throw wrongSetting(name, "default, ISO8601", value);
  }
  if (name === "verboseLevel") {
    if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32) {
      return { uint32_param: value as number };
    }
    throw wrongSetting(name, "a whole number from 0", value);
  }
  if (typeof value === "boolean") return { bool_param: value };
  throw wrongSetting(name, "true or false", value);
}

function readLog({ settings }: LogMessage): LogSettings {
  const flag = (name: string): boolean => settings[name]?.bool_param ?? false;
  const format = settings["log_format"]?.string_param;
  return {
    info: flag("log_info"),
    warning: flag("log_warning"),
    error: flag("log_error"),
    verboseLevel: settings["log_verbose_level"]?.uint32_param ?? 0,
    format: format === "default" || format === "ISO8601" ? format : "unknown",
    file: cleanText(settings["log_file"]?.string_param ?? ""),
  };
}

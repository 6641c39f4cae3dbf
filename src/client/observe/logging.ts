import { type ErrorCode, TriptychError, toTriptychError } from "../../errors/index.ts";
import { shownValue } from "../shown.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { Answer, Call, Middleware, TensorSummary } from "./middleware.ts";

/** From what is only of use to a developer to what somebody has to look at. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** One thing that happened to a call. It holds no content of a tensor, and all text is safe to print. */
export interface LogRecord {
  readonly level: LogLevel;
  /** `answer` is one of the answers of a stream. */
  readonly event: "begin" | "answer" | "end";
  /** In milliseconds since 1970. */
  readonly timeMs: number;
  readonly rpc: string;
  readonly endpoint: string;
  readonly model?: string;
  readonly requestId?: string;
  /** Such as `TOKEN_IDS INT64 [2,77] 1232 B`. */
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** Values of those that the log may show; of the others only the name, with `***`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Since the call began. */
  readonly ms?: number;
  readonly answers?: number;
  /** `ok`, or the code of the error. */
  readonly outcome?: "ok" | ErrorCode;
  readonly message?: string;
}

/** What is logged, and where to. */
export interface LoggingOptions {
  /** The least that is logged; `info` by default. An inference that ended well is `info`, a question to the server `debug`. */
  readonly level?: LogLevel | undefined;
  /** Takes the records; writes a line to stderr by default. What it throws is a process warning, not the call's end. */
  readonly sink?: ((record: LogRecord) => void) | undefined;
  /** Headers and parameters whose values may be shown; none by default, since they may be secret. */
  readonly show?: readonly string[] | undefined;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Ways an inference ends that say more about the load or the caller than about a fault. */
const EXPECTED: readonly ErrorCode[] = ["cancelled", "deadline-exceeded", "overloaded"];

/**
 * A middleware that logs every call: how it began, each answer of a stream, how it ended.
 *
 * @throws TriptychError `request-invalid` for a level that there is not.
 */
export function logging(options: LoggingOptions = {}): Middleware {
  const { sink = writeLine, show = [], level = "info" } = options;
  const least = LEVELS.indexOf(level);
  if (least === -1)
    throw new TriptychError(
      "request-invalid",
      `logging, level: expected one of ${LEVELS.join(", ")}, got ${shownValue(level)}.`,
    );
  const write = (record: LogRecord): void => {
    if (LEVELS.indexOf(record.level) < least) return;
    try {
      sink(record);
    } catch (reason) {
      process.emitWarning(`The sink of the client's log failed: ${String(reason)}`);
    }
  };
  return {
    name: "logging",
    unary: async (call, next) => {
      const log = new CallLog(call, write, show);
      try {
        const answer = await next();
        log.ended(answer, 1);
        return answer;
      } catch (reason) {
        log.failed(reason);
        throw reason;
      }
    },
    stream: (call, next) => loggedStream(new CallLog(call, write, show), next),
  };
}

/** A record as one line. */
export function logLine(record: LogRecord): string {
  const { level, event, rpc, model, requestId, ms, answers, outcome, message, inputs, outputs } = record;
  const { headers = {}, parameters = {} } = record;
  const parts = [
    level,
    rpc,
    model,
    event === "end" ? outcome : event,
    ms === undefined ? undefined : `${ms.toFixed(1)} ms`,
    answers === undefined || answers === 1 ? undefined : `${answers} answers`,
    requestId === undefined ? undefined : `id ${requestId}`,
    listed("in", inputs),
    listed("out", outputs),
    listed(
      "headers",
      Object.entries(headers).map(([name, value]) => `${name}=${value}`),
    ),
    listed(
      "parameters",
      Object.entries(parameters).map(([name, value]) => `${name}=${value}`),
    ),
    message,
  ];
  return parts.filter((part) => part !== undefined).join(" ");
}

async function* loggedStream(
  log: CallLog,
  next: () => AsyncIterable<Answer>,
): AsyncGenerator<Answer, void, undefined> {
  let count = 0;
  let last: Answer | undefined;
  try {
    for await (const answer of next()) {
      count += 1;
      last = answer;
      log.answered(answer, count);
      yield answer;
    }
    log.ended(last, count);
  } catch (reason) {
    log.failed(reason);
    throw reason;
  } finally {
    log.left(last, count);
  }
}

/** Makes the records of one call. */
class CallLog {
  readonly #call: Call;
  readonly #write: (record: LogRecord) => void;
  readonly #start = performance.now();
  #over = false;

  constructor(call: Call, write: (record: LogRecord) => void, show: readonly string[]) {
    this.#call = call;
    this.#write = write;
    const { headers, parameters, inputs } = call;
    this.#record("debug", "begin", {
      ...(inputs.length === 0 ? {} : { inputs: inputs.map(summaryText) }),
      ...shown("headers", headers, show),
      ...shown("parameters", Object.entries(parameters), show),
    });
  }

  answered(answer: Answer, answers: number): void {
    this.#record("debug", "answer", { ...this.#took(), answers, outputs: answer.outputs.map(summaryText) });
  }

  ended(answer: Answer | undefined, answers: number): void {
    this.#over = true;
    const outputs = answer?.outputs.map(summaryText) ?? [];
    const level = this.#isInference ? "info" : "debug";
    this.#record(level, "end", {
      ...this.#took(),
      answers,
      outcome: "ok",
      ...(outputs.length === 0 ? {} : { outputs }),
    });
  }

  failed(reason: unknown): void {
    this.#over = true;
    const { code, message } = toTriptychError(reason);
    const level = this.#isInference && !EXPECTED.includes(code) ? "error" : "warn";
    this.#record(level, "end", { ...this.#took(), outcome: code, message: cleanText(message) });
  }

  /** The reader has left the stream, before or after its last answer. */
  left(last: Answer | undefined, answers: number): void {
    if (this.#over) return;
    if (last?.final === true) this.ended(last, answers);
    else this.#record("warn", "end", { ...this.#took(), answers, outcome: "cancelled" });
  }

  get #isInference(): boolean {
    return this.#call.rpc.endsWith("Infer");
  }

  #took(): { readonly ms: number } {
    return { ms: performance.now() - this.#start };
  }

  #record(level: LogLevel, event: LogRecord["event"], more: Partial<LogRecord>): void {
    const { rpc, endpoint, model, requestId } = this.#call;
    this.#write({
      level,
      event,
      timeMs: Date.now(),
      rpc,
      endpoint: cleanText(endpoint),
      ...(model === undefined ? {} : { model: cleanText(model) }),
      ...(requestId === "" ? {} : { requestId: cleanText(requestId) }),
      ...more,
    });
  }
}

function shown(
  key: "headers" | "parameters",
  entries: Iterable<readonly [string, unknown]>,
  show: readonly string[],
): Partial<LogRecord> {
  const pairs = [...entries].map(([name, value]) => [
    cleanText(name),
    show.includes(name) ? cleanText(String(value)) : "***",
  ]);
  return pairs.length === 0 ? {} : { [key]: Object.fromEntries(pairs) as Record<string, string> };
}

function summaryText({ name, datatype, shape, bytes }: TensorSummary): string {
  return `${name} ${datatype} [${shape.join(",")}]${bytes === undefined ? "" : ` ${bytes} B`}`;
}

function listed(title: string, items: readonly string[] = []): string | undefined {
  return items.length === 0 ? undefined : `${title} ${items.join(", ")}`;
}

function writeLine(record: LogRecord): void {
  process.stderr.write(`${logLine(record)}\n`);
}

import { type ErrorCode, type ErrorDetails, TriptychError, toTriptychError } from "../../errors/index.ts";
import { type WriteRefusal, writeOutput } from "../../files/index.ts";
import { shownValue } from "../shown.ts";
import type { JsonObject } from "./wire-json.ts";

/** One call of a session as it went over the wire. */
export interface RecordedCall {
  readonly rpc: string;
  readonly model?: string;
  readonly request: JsonObject;
  readonly answers: readonly JsonObject[];
  /** What it ended with; absent where it ended well. */
  readonly error?: RecordedError;
}

/** An error as a session keeps it. */
interface RecordedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly details: ErrorDetails;
}

const VERSION = 1;
const REFUSAL: WriteRefusal = { code: "output-unwritable", hint: "choose another place for the file" };

/**
 * The calls that a client made and what came back, to be played again without a server: give one to `connect` as
 * `record`, then save it. It holds the content of all tensors, but no headers.
 */
export class Session {
  readonly #calls: RecordedCall[];

  constructor(calls: readonly RecordedCall[] = []) {
    this.#calls = [...calls];
  }

  /**
   * The session in a text that {@link Session.toText} made.
   *
   * @throws TriptychError `usage` where it is no such text.
   */
  static parse(text: string): Session {
    if (typeof text !== "string") throw notASession(`expected its text, got ${shownValue(text)}`);
    const [head = "", ...lines] = text.split("\n").filter((line) => line !== "");
    const first = parsed(head, 1) as { readonly triptychSession?: unknown } | null;
    if (first?.triptychSession !== VERSION)
      throw notASession(`line 1: expected {"triptychSession":${VERSION}}`);
    return new Session(lines.map((line, at) => callIn(parsed(line, at + 2), at + 2)));
  }

  /** In the order they ended. */
  get calls(): readonly RecordedCall[] {
    return this.#calls;
  }

  /** Notes a call that is over. */
  add(call: RecordedCall): void {
    this.#calls.push(call);
  }

  /** One line of JSON for each call. */
  toText(): string {
    const lines = [{ triptychSession: VERSION }, ...this.#calls].map((line) => JSON.stringify(line));
    return `${lines.join("\n")}\n`;
  }

  /**
   * Writes the session. The file appears under its name only when it is complete.
   *
   * @throws TriptychError `disk-full` or `output-unwritable`.
   */
  save(path: string): Promise<void> {
    return writeOutput(path, Buffer.from(this.toText()), REFUSAL);
  }
}

/** An error as a session keeps it. */
export function recordedError(reason: unknown): RecordedError {
  const { code, message, hint, details } = toTriptychError(reason);
  return { code, message, ...(hint === undefined ? {} : { hint }), details };
}

/** The error that a session has kept. */
export function errorOf({ code, message, hint, details }: RecordedError): TriptychError {
  return new TriptychError(code, message, { ...(hint === undefined ? {} : { hint }), details });
}

function parsed(line: string, at: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw notASession(`line ${at} is not JSON`, cause);
  }
}

function callIn(value: unknown, at: number): RecordedCall {
  const call = value as Partial<RecordedCall> | null;
  if (typeof call?.rpc === "string" && typeof call.request === "object" && Array.isArray(call.answers)) {
    return call as RecordedCall;
  }
  throw notASession(`line ${at} is not a call: expected rpc, request and answers`);
}

function notASession(problem: string, cause?: unknown): TriptychError {
  return new TriptychError("usage", `This is not a recorded session: ${problem}.`, {
    hint: "Record one anew: connect with { record: session }, and save it.",
    cause,
  });
}

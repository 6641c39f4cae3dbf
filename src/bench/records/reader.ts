import { open } from "node:fs/promises";
import { systemErrorCode, TriptychError } from "../../errors/index.ts";
import { RunRecords } from "./collect.ts";
import { type BenchRecord, RECORDS_VERSION, type StartRecord } from "./types.ts";
import { recordsInvalid } from "./writer.ts";

const MADE_BY = "Record files are written by `triptych bench`.";

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is BenchRecord {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  return value.kind === "request" ? hasTimes(value) : value.kind === "start" || value.kind === "end";
}

function hasTimes(value: object): boolean {
  const { dueMs, sentMs, doneMs } = value as { dueMs?: unknown; sentMs?: unknown; doneMs?: unknown };
  return [dueMs, sentMs, doneMs].every((time) => typeof time === "number");
}

function startOf(value: unknown, file: string): StartRecord {
  const start = value as Partial<StartRecord> | undefined;
  if (start?.kind !== "start" || start.format !== "triptych-bench")
    throw recordsInvalid(file, 1, "expected the start of a run", MADE_BY);
  if (start.version !== RECORDS_VERSION) {
    const hint = "Read it with the Triptych that wrote it, or measure again.";
    const got = String((start as { version?: unknown }).version);
    throw recordsInvalid(file, 1, `expected version ${RECORDS_VERSION}, got ${got}`, hint);
  }
  return start as StartRecord;
}

/** Puts the lines of a run together. A last line that is no JSON was being written when the run was killed. */
class RunReader {
  readonly #file: string;
  #records: RunRecords | undefined;
  #line = 0;
  #broken = 0;

  constructor(file: string) {
    this.#file = file;
  }

  add(text: string): void {
    this.#line += 1;
    if (this.#broken > 0) throw this.#refuse("expected a record, got something else", this.#broken);
    const value = parsed(text);
    if (this.#records === undefined) this.#records = new RunRecords(startOf(value, this.#file));
    else if (!isRecord(value) || value.kind === "start") this.#broken = this.#line;
    else if (this.#records.end !== undefined)
      throw this.#refuse("expected nothing after the end", this.#line);
    else if (value.kind === "end") this.#records.end = value;
    else this.#records.add(value);
  }

  finish(): RunRecords {
    if (this.#records === undefined) throw recordsInvalid(this.#file, 1, "the file is empty", MADE_BY);
    return this.#records;
  }

  #refuse(problem: string, line: number): TriptychError {
    return recordsInvalid(this.#file, line, problem, MADE_BY);
  }
}

/**
 * Reads a record file line by line; a run that was cut off is read as far as it goes.
 *
 * @throws TriptychError `records-invalid` where it is none, or of another version.
 */
export async function readRecords(file: string): Promise<RunRecords> {
  const reader = new RunReader(file);
  const handle = await open(file).catch((cause: unknown) => {
    const why = systemErrorCode(cause) ?? String(cause);
    throw new TriptychError("records-invalid", `cannot read ${file}: ${why}.`, { cause, hint: MADE_BY });
  });
  try {
    for await (const line of handle.readLines()) reader.add(line);
  } catch (cause) {
    if (systemErrorCode(cause) === undefined || cause instanceof TriptychError) throw cause;
    throw new TriptychError("records-invalid", `cannot read ${file}: ${String(cause)}.`, {
      cause,
      hint: MADE_BY,
    });
  } finally {
    await handle.close();
  }
  return reader.finish();
}

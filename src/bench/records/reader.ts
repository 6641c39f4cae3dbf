import { type FileHandle, open } from "node:fs/promises";
import { systemErrorCode, TriptychError } from "../../errors/index.ts";
import { checkEnd, checkStart, RequestCheck } from "./check-record.ts";
import { RunRecords } from "./collect.ts";
import { RECORDS_VERSION, type RequestRecord, type StartRecord } from "./types.ts";
import { recordsInvalid } from "./writer.ts";

const MADE_BY = "Record files are written by `triptych bench`.";

type Fields = Readonly<Record<string, unknown>>;

/** The fields of a line; undefined of one that is no JSON. */
function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Fields) : {};
  } catch {
    return undefined;
  }
}

function startOf(value: Fields | undefined, file: string): StartRecord {
  if (value?.["kind"] !== "start" || value["format"] !== "triptych-bench")
    throw recordsInvalid(file, 1, "expected the start of a run", MADE_BY);
  if (value["version"] !== RECORDS_VERSION) {
    const hint = "Read it with the Triptych that wrote it, or measure again.";
    const got = String(value["version"]);
    throw recordsInvalid(file, 1, `expected version ${RECORDS_VERSION}, got ${got}`, hint);
  }
  const start = checkStart(value);
  if ("record" in start) return start.record;
  throw recordsInvalid(file, 1, `expected the start of a run; ${start.problem}`, MADE_BY);
}

/** A run as far as it is read, and what its requests must be. */
interface Begun {
  readonly records: RunRecords;
  readonly check: RequestCheck;
}

/** Puts the lines of a run together. A last line without its end was being written when the run was killed. */
class RunReader {
  readonly #file: string;
  #begun: Begun | undefined;
  #line = 0;
  #broken = 0;

  constructor(file: string) {
    this.#file = file;
  }

  add(text: string): void {
    this.#line += 1;
    if (this.#broken > 0) throw this.#refuse("expected a record, got something else", this.#broken);
    const value = parsed(text);
    if (this.#begun === undefined) {
      const start = startOf(value, this.#file);
      this.#begun = { records: new RunRecords(start), check: new RequestCheck(start) };
    } else if (value === undefined) this.#broken = this.#line;
    else this.#addRecord(this.#begun, value);
  }

  /** @param isWhole - True where the last line has its end, so that it was not being written. */
  finish(isWhole: boolean): RunRecords {
    if (this.#begun === undefined) throw recordsInvalid(this.#file, 1, "the file is empty", MADE_BY);
    if (this.#broken > 0 && isWhole)
      throw this.#refuse("expected a record, got something else", this.#broken);
    return this.#begun.records;
  }

  #addRecord({ records, check }: Begun, value: Fields): void {
    if (records.end !== undefined) throw this.#refuse("expected nothing after the end", this.#line);
    if (value["kind"] === "request") {
      this.#require(check.problem(value));
      // Every field of it was looked at.
      records.add(value as unknown as RequestRecord);
    } else if (value["kind"] === "end") {
      const end = checkEnd(value);
      this.#require("problem" in end ? end.problem : check.wholeProblem());
      if ("record" in end) records.end = end.record;
    } else this.#require("kind: expected request or end");
  }

  #require(problem: string | undefined): void {
    if (problem !== undefined) throw this.#refuse(`expected a record; ${problem}`, this.#line);
  }

  #refuse(problem: string, line: number): TriptychError {
    return recordsInvalid(this.#file, line, problem, MADE_BY);
  }
}

/** True where a file's last line has its end. */
async function endsLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

function unreadable(file: string, cause: unknown): TriptychError {
  const why = systemErrorCode(cause) ?? String(cause);
  return new TriptychError("records-invalid", `cannot read ${file}: ${why}.`, { cause, hint: MADE_BY });
}

/**
 * Reads a record file line by line; a run that was cut off is read as far as it goes.
 *
 * @throws TriptychError `records-invalid` where it is none, of another version, or says what no run can have written.
 */
export async function readRecords(file: string): Promise<RunRecords> {
  const reader = new RunReader(file);
  const handle = await open(file).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  try {
    const isWhole = await endsLine(handle);
    for await (const line of handle.readLines()) reader.add(line);
    return reader.finish(isWhole);
  } catch (cause) {
    if (systemErrorCode(cause) === undefined || cause instanceof TriptychError) throw cause;
    throw unreadable(file, cause);
  } finally {
    await handle.close();
  }
}

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import path from "node:path";
import { TriptychError } from "../../errors/index.ts";
import { makeFolder, writeError } from "../../files/index.ts";
import type { BenchRecord } from "./types.ts";

const REFUSAL = { code: "output-unwritable", hint: "choose another place with --out" } as const;

/** Lines that are written at once: one system call for each would be most of what recording costs. */
const BATCH = 64;

/** A record file that grows. */
export interface RecordWriter {
  /** Adds a line; tells of a full disk by {@link RecordWriter.failure}, not by a throw. */
  write(record: BenchRecord): void;
  /** What has gone wrong with the file so far. */
  readonly failure: TriptychError | undefined;
  /**
   * Writes what waits and closes.
   *
   * @throws TriptychError `disk-full`, `output-unwritable`
   */
  close(): Promise<void>;
}

/**
 * Opens a record file, from its beginning, and makes the folders above it.
 *
 * @throws TriptychError `disk-full`, `output-unwritable`
 */
export async function openRecords(file: string): Promise<RecordWriter> {
  let failure: TriptychError | undefined;
  let waiting: string[] = [];
  const stream = await open(file);
  stream.on("error", (reason) => {
    failure ??= writeError(reason, file, REFUSAL);
    stream.destroy();
  });
  const flush = (): void => {
    if (waiting.length > 0 && stream.writable) stream.write(waiting.join(""));
    waiting = [];
  };
  return {
    write: (record) => {
      waiting.push(`${JSON.stringify(record)}\n`);
      // The first line says what the rest is, and the last that nothing is missing.
      if (waiting.length >= BATCH || record.kind !== "request") flush();
    },
    get failure() {
      return failure;
    },
    close: async () => {
      flush();
      stream.end();
      if (!stream.closed) await once(stream, "close").catch(() => undefined);
      if (failure !== undefined) throw failure;
    },
  };
}

async function open(file: string) {
  try {
    await makeFolder(path.dirname(file));
    const stream = createWriteStream(file);
    await once(stream, "open");
    return stream;
  } catch (reason) {
    throw writeError(reason, file, REFUSAL);
  }
}

/** The refusal of a text that is no record file. */
export function recordsInvalid(file: string, line: number, problem: string, hint: string): TriptychError {
  return new TriptychError("records-invalid", `${file}:${line}: ${problem}.`, { hint });
}

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { systemErrorCode, TriptychError } from "../errors/index.ts";

/** A log that is written to a file for as long as that is possible. */
export interface LogFile {
  readonly file: string;
  write(line: string): void;
  close(): Promise<void>;
}

/**
 * Opens a log file, from its beginning. A disk that fills up later ends the log, never the server that writes it.
 *
 * @throws TriptychError `output-unwritable` where it cannot be opened.
 */
export async function openLogFile(file: string): Promise<LogFile> {
  const stream = createWriteStream(file);
  try {
    await once(stream, "open");
  } catch (cause) {
    const reason = systemErrorCode(cause) ?? String(cause);
    throw new TriptychError("output-unwritable", `The log ${file} cannot be written: ${reason}`, { cause });
  }
  stream.on("error", () => {
    stream.destroy();
  });
  return {
    file,
    write: (line) => {
      if (stream.writable) stream.write(`${line}\n`);
    },
    close: () =>
      new Promise((resolve) => {
        if (stream.closed) resolve();
        stream.once("close", resolve);
        stream.end();
      }),
  };
}

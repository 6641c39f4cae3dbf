import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { systemErrorCode } from "../errors/index.ts";

/** Far more than a configuration has, and little enough to be read in no time. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The bytes of a file, or why there are none. */
export type FileText =
  | { readonly bytes: Uint8Array }
  | { readonly failure: "not-a-file" | "too-large" | "unreadable"; readonly detail: string };

/** Reads a file of a few megabytes at most; a pipe or a device is not waited for. Never throws. */
export function readSmallFile(path: string, maxBytes = MAX_BYTES): FileText {
  try {
    // A pipe without a writer would else be waited for.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return readOpen(file, maxBytes);
    } finally {
      closeSync(file);
    }
  } catch (reason) {
    const code = systemErrorCode(reason);
    // A socket, which cannot be opened.
    if (code === "ENXIO") return { failure: "not-a-file", detail: "no file" };
    return { failure: "unreadable", detail: code ?? "unknown" };
  }
}

/** The first bytes of a file, fewer where it is shorter; undefined where it cannot be read. */
export function readHead(path: string, size: number): Uint8Array | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return fstatSync(file).isFile() ? readBytes(file, size) : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function readOpen(file: number, maxBytes: number): FileText {
  const found = fstatSync(file);
  if (!found.isFile()) return { failure: "not-a-file", detail: found.isDirectory() ? "a folder" : "no file" };
  if (found.size > maxBytes) return { failure: "too-large", detail: `${found.size} bytes` };
  return { bytes: readBytes(file, found.size) };
}

/** The first bytes of an open file. */
function readBytes(file: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const more = readSync(file, bytes, length, size - length, null);
    if (more === 0) break;
    length += more;
  }
  return bytes.subarray(0, length);
}

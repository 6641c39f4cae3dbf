import { readFile, stat } from "node:fs/promises";

/** An object of JSON, of which nothing else is known. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws TypeError for what is no object with fields */
export function fieldsOf(value: unknown): Fields {
  if (isFields(value)) return value;
  throw new TypeError("no object");
}

/** Whether something is a file that reading comes to an end of: opening a pipe would wait for ever. */
export async function isPlainFile(path: string): Promise<boolean> {
  return (await stat(path)).isFile();
}

/**
 * The object in a JSON file.
 *
 * @throws TypeError or SyntaxError for what is no file, or holds no object; what reading throws
 */
export async function readFields(path: string): Promise<Fields> {
  if (!(await isPlainFile(path))) throw new TypeError("no file");
  return fieldsOf(JSON.parse(await readFile(path, "utf8")));
}

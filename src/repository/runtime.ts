import { readdir, readFile } from "node:fs/promises";
import type { Files } from "./render.ts";

const FOLDER = new URL("./python/triptych_runtime/", import.meta.url);

/** Reads the Python package that Triptych's models share inside Triton. */
export async function readRuntime(): Promise<Files> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".py")).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, FOLDER), "utf8")));
  return new Map(names.map((name, index) => [name, texts[index] ?? ""]));
}

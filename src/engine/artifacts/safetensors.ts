import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fieldsOf, isPlainFile, readFields } from "./json-fields.ts";

/** Longest header that is believed: a real one has about 100 bytes a tensor. */
const MAX_HEADER = 100_000_000;

async function header(file: string): Promise<{ readonly text: string; readonly end: number } | undefined> {
  const handle = await open(file);
  try {
    const first = await handle.read(new Uint8Array(8), 0, 8, 0);
    if (first.bytesRead < 8) return undefined;
    const length = Number(new DataView(first.buffer.buffer).getBigUint64(0, true));
    if (length > MAX_HEADER) return undefined;
    const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, 8);
    return bytesRead < length ? undefined : { text: new TextDecoder().decode(buffer), end: 8 + length };
  } finally {
    await handle.close();
  }
}

/** Where the last tensor of a header ends. */
function lastOffset(text: string): number {
  const tensors = Object.entries(fieldsOf(JSON.parse(text))).filter(([name]) => name !== "__metadata__");
  const ends = tensors.map(([, tensor]) => {
    const { data_offsets: offsets } = fieldsOf(tensor);
    const end: unknown = Array.isArray(offsets) ? offsets[1] : undefined;
    if (typeof end === "number" && Number.isSafeInteger(end) && end >= 0) return end;
    throw new TypeError("no offsets");
  });
  return Math.max(0, ...ends);
}

/** What is wrong with a weight file; nothing for a whole one. Only its header is read. */
async function fileProblem(file: string): Promise<string | undefined> {
  try {
    if (!(await isPlainFile(file))) return `${file} is no file`;
    const found = await header(file);
    if (found === undefined) return `${file} is no whole safetensors file`;
    const [expected, { size }] = [found.end + lastOffset(found.text), await stat(file)];
    return expected === size ? undefined : `${file} is cut short: expected ${expected} bytes, got ${size}`;
  } catch {
    return `${file} is no whole safetensors file`;
  }
}

async function configProblems(folder: string, names: readonly string[]): Promise<string[]> {
  if (!names.includes("config.json")) return [`${folder} has no config.json`];
  try {
    await readFields(join(folder, "config.json"));
    return [];
  } catch {
    return [`${join(folder, "config.json")} cannot be read as JSON`];
  }
}

async function indexProblems(folder: string, index: string, files: readonly string[]): Promise<string[]> {
  try {
    const { weight_map: map } = await readFields(join(folder, index));
    const named = [...new Set(Object.values(fieldsOf(map)).map(String))];
    const absent = named.filter((name) => !files.includes(name));
    return absent.length === 0 ? [] : [`${folder} lacks ${absent.join(", ")}, which ${index} names`];
  } catch {
    return [`${join(folder, index)} cannot be read`];
  }
}

/** What is wrong with one part of a checkpoint in diffusers layout; the folder is there. */
export async function partProblems(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  const files = names.filter((name) => name.endsWith(".safetensors"));
  const indexes = names.filter((name) => name.endsWith(".safetensors.index.json"));
  const problems = await Promise.all([
    ...files.map(async (name) => fileProblem(join(folder, name))),
    ...indexes.map(async (name) => (await indexProblems(folder, name, files))[0]),
  ]);
  const config = await configProblems(folder, names);
  const weights = files.length > 0 ? [] : [`${folder} has no .safetensors file`];
  return [...config, ...weights, ...problems.filter((problem) => problem !== undefined)];
}

import { readShapeArguments, type ShapeProfile } from "../../tensorrt/index.ts";
import type { LintModel } from "./model.ts";

/** What a passport says of the file that it stands beside; written by `triptych engines`. */
export interface FilePassport {
  readonly bytes?: number;
  /** Memory of the GPU that an engine was built on. */
  readonly gpuMemoryMiB?: number;
  /** TensorRT that built an engine. */
  readonly tensorrt?: string;
  /** Shapes that an engine with free dims was built for; none for one of one shape. */
  readonly profiles: readonly ShapeProfile[];
}

/** The passport beside a file of a model; undefined where there is none that can be read. */
export function passportOf(
  model: LintModel,
  { version, name }: { readonly version: string; readonly name: string },
): FilePassport | undefined {
  const text = model.textOf(version, `${name}.passport.json`);
  if (text === undefined) return undefined;
  const files = listOf(fieldOf(parsed(text), "files"));
  const own = files.find((file) => fieldOf(file, "name") === "");
  const bytes = fieldOf(own, "bytes");
  const engine = fieldOf(parsed(text), "engine");
  const memory = fieldOf(fieldOf(engine, "gpu"), "memoryMiB");
  const tensorrt = fieldOf(engine, "tensorrt");
  const words = listOf(fieldOf(fieldOf(parsed(text), "step"), "arguments")).map(String);
  return {
    profiles: readShapeArguments(words),
    ...(typeof tensorrt === "string" ? { tensorrt } : {}),
    ...(typeof bytes === "number" ? { bytes } : {}),
    ...(typeof memory === "number" ? { gpuMemoryMiB: memory } : {}),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

import { readFile } from "node:fs/promises";
import { writeWhole } from "../../files/index.ts";
import type { LayerSummary } from "../../tensorrt/index.ts";
import type { DigestedFile } from "./digests.ts";
import { isFields } from "./json-fields.ts";
import type { StepSettings } from "./key.ts";
import { REFUSAL } from "./place.ts";

/** An input as it was when the artifact was made. */
export interface PassportInput {
  /** Path below the checkpoint or the spec's folder. */
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
}

/** What an engine is and where it runs. */
export interface EnginePassport {
  /** TensorRT that built it, by the engine's own header. */
  readonly tensorrt: string;
  /** GPU that it was built on; absent where the driver did not say. */
  readonly gpu?: GpuFacts;
  /** GPU that the spec asks for. */
  readonly target: string | null;
  /** Seconds that trtexec took. */
  readonly seconds: number;
  readonly warnings: readonly string[];
  /** Layers by the datatype of their outputs, from trtexec's own layer information. */
  readonly layers?: LayerSummary;
}

/** What the driver says of a GPU. */
export interface GpuFacts {
  readonly name: string;
  readonly computeCapability: string;
  readonly memoryMiB: number;
  readonly driver: string;
}

/** Where an artifact comes from: written beside it when it is whole. */
export interface Passport {
  readonly version: 1;
  readonly artifact: string;
  /** SHA-256 over the step and its inputs: the same key means that there is nothing to do. */
  readonly key: string;
  /** SHA-256 over all files of the artifact. */
  readonly digest: string;
  readonly step: StepSettings;
  readonly inputs: Readonly<Record<string, PassportInput>>;
  readonly files: readonly DigestedFile[];
  /** Keys and digests of everything made on the way here, so that it need not be kept. */
  readonly ancestors: Readonly<Record<string, Ancestor>>;
  /** The command, to repeat it by hand; empty where the plan itself knew the text. */
  readonly command: string;
  readonly made: {
    /** ISO 8601, UTC. */
    readonly at: string;
    readonly seconds: number;
    /** Versions of the programs and libraries that made it. */
    readonly tools: Readonly<Record<string, string>>;
  };
  readonly engine?: EnginePassport;
}

/** An artifact on the way. */
export interface Ancestor {
  readonly key: string;
  /** SHA-256 over its step's settings. */
  readonly step: string;
  readonly digest: string;
  readonly bytes: number;
}

/** A map whose values all have these texts. */
function hasTexts(value: unknown, ...names: readonly string[]): boolean {
  const rows = Array.isArray(value) ? value : isFields(value) ? Object.values(value) : undefined;
  return rows?.every((row) => isFields(row) && names.every((name) => typeof row[name] === "string")) === true;
}

function isPassport(value: unknown): value is Passport {
  if (!isFields(value) || value["version"] !== 1) return false;
  const { key, digest, step, inputs, files, ancestors, made, engine } = value;
  return (
    [key, digest].every((text) => typeof text === "string") &&
    [step, inputs, ancestors, made].every(isFields) &&
    (engine === undefined || isFields(engine)) &&
    Array.isArray(files) &&
    hasTexts(files, "name", "sha256") &&
    hasTexts(inputs, "path", "digest") &&
    hasTexts(ancestors, "key", "step", "digest")
  );
}

/** The passport in a file; `undefined` for none, or for one that cannot be read. */
export async function readPassport(file: string): Promise<Passport | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    return isPassport(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a passport; it is what says that an artifact is done. */
export async function writePassport(file: string, passport: Passport): Promise<void> {
  await writeWhole(file, `${JSON.stringify(passport, null, 2)}\n`, REFUSAL);
}

import { TriptychError } from "../../errors/index.ts";
import { textSha256 } from "../../files/index.ts";
import type { Artifact, EngineStep, ToolStep, ToolWord } from "../../plan/index.ts";
import {
  containerTensorRt,
  type EngineBuildConfig,
  formatTensorRtVersion,
  keyArguments,
  type TensorRtVersionText,
} from "../../tensorrt/index.ts";

/** Raised when a tool makes something else of the same input: what it has made before is then made again. */
const REVISIONS: Readonly<Record<string, number>> = {};

const KEY_VERSION = 1;

/** What of a step decides its result, beside its inputs. */
export type StepSettings =
  | { readonly tool: string; readonly revision: number; readonly words: readonly string[] }
  | { readonly text: string }
  | {
      readonly tool: "trtexec";
      readonly tensorrt: string;
      readonly gpu: string | null;
      readonly arguments: readonly string[];
    };

/** A word of a command line with its files named by role. */
function roleWord(word: ToolWord): string {
  if (typeof word === "string") return word;
  if ("input" in word) return `{${word.input}}`;
  return "output" in word ? "{output}" : "{checkpoint}";
}

function toolSettings({ module, words }: ToolStep): StepSettings {
  return { tool: `triptych_tools.${module}`, revision: REVISIONS[module] ?? 1, words: words.map(roleWord) };
}

function isVersionText(text: string): text is TensorRtVersionText {
  return /^(10|11)\.\d+/.test(text);
}

/**
 * The TensorRT of an engine's server.
 *
 * @throws TriptychError `plan-impossible` where neither the spec nor the table of containers tells it, or where it is
 * too old to build for.
 */
export function serverTensorRt({ tensorrt, triton }: EngineStep): TensorRtVersionText {
  const text = tensorrt ?? formatTensorRtVersion(containerTensorRt(triton).version);
  if (isVersionText(text)) return text;
  throw new TriptychError("plan-impossible", `engines are not built for TensorRT ${text}`, {
    hint: "choose a container with TensorRT 10.3 to 11",
  });
}

/** The build of an engine between two files. */
export function engineConfig(
  step: EngineStep,
  files: Pick<EngineBuildConfig, "onnx" | "engine" | "timingCache" | "layerInfo">,
): EngineBuildConfig {
  // The settings of a spec are those that both majors take.
  return {
    ...(step.settings as Partial<EngineBuildConfig>),
    ...files,
    tensorrt: serverTensorRt(step),
  } as EngineBuildConfig;
}

function engineSettings(step: EngineStep): StepSettings {
  const config = engineConfig(step, { onnx: "model.onnx", engine: "model.plan" });
  return {
    tool: "trtexec",
    tensorrt: config.tensorrt,
    gpu: step.gpu ?? null,
    arguments: keyArguments(config),
  };
}

/** What of an artifact's step decides its result. */
export function settingsOf({ step }: Artifact): StepSettings {
  if (step.kind === "tool") return toolSettings(step);
  if (step.kind === "engine") return engineSettings(step);
  return { text: textSha256(step.text) };
}

/** JSON with sorted keys and no blanks: the same value gives the same text in every language. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}

/**
 * The content key of an artifact: what decides its result, hashed. Results are not: an engine's bytes differ from
 * build to build.
 *
 * @param inputs - digests by role
 */
export function contentKey(settings: StepSettings, inputs: Readonly<Record<string, string>>): string {
  return textSha256(canonical({ version: KEY_VERSION, step: settings, inputs }));
}

/** SHA-256 over what of a step decides its result. */
export function stepDigestOf(settings: StepSettings): string {
  return textSha256(canonical(settings));
}

/** SHA-256 over what of an artifact's step decides its result. */
export function stepDigest(artifact: Artifact): string {
  return stepDigestOf(settingsOf(artifact));
}

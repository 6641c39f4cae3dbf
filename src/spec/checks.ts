import { at, type DocumentSource, entriesAt, type Path, type Problem } from "../document/index.ts";
import type { Finding } from "../errors/index.ts";
import { weightsProblems } from "./weights-checks.ts";

/** Pixels to a token of the transformer, along width and height: 8 by the VAE, 2 by the patch. */
const PIXELS_PER_TOKEN = 16;

/** Frames to a latent frame, after the first. */
const FRAMES_PER_LATENT = 4;

const TINY = { width: 64, height: 64, frames: 17 } as const;

function numberAt(value: unknown, path: Path): number | undefined {
  const found = at(value, path);
  return typeof found === "number" && Number.isInteger(found) && found > 0 ? found : undefined;
}

function sizeProblems(value: unknown): Problem[] {
  return (["width", "height"] as const).flatMap((side) => {
    const path = ["video", side];
    const pixels = numberAt(value, path);
    if (pixels === undefined || pixels % PIXELS_PER_TOKEN === 0) return [];
    const below = Math.max(PIXELS_PER_TOKEN, pixels - (pixels % PIXELS_PER_TOKEN));
    const hint = `the nearest are ${below} and ${below + PIXELS_PER_TOKEN}`;
    return [{ rule: "size", path, message: `${pixels} is not a multiple of ${PIXELS_PER_TOKEN}`, hint }];
  });
}

function frameProblems(value: unknown): Problem[] {
  const path = ["video", "frames"];
  const frames = numberAt(value, path);
  if (frames === undefined || frames % FRAMES_PER_LATENT === 1) return [];
  const below = Math.floor((frames - 1) / FRAMES_PER_LATENT) * FRAMES_PER_LATENT + 1;
  const hint = `the nearest are ${below} and ${below + FRAMES_PER_LATENT}`;
  return [{ rule: "frames", path, message: `${frames} is not of the form 4n+1`, hint }];
}

function tinyProblems(value: unknown): Problem[] {
  if (at(value, ["family"]) !== "wan-tiny") return [];
  return (["width", "height", "frames"] as const).flatMap((key) => {
    const path = ["video", key];
    const got = numberAt(value, path);
    if (got === undefined || got === TINY[key]) return [];
    const message = `wan-tiny is trained for ${key} ${TINY[key]} only, got ${got}`;
    return [{ rule: "tiny-video", path, message, hint: `write ${key}: ${TINY[key]}` }];
  });
}

function runtimeProblems(value: unknown): Problem[] {
  const runtime = at(value, ["target", "runtime"]);
  const triton = at(value, ["target", "triton"]);
  if (triton !== "embedded" || runtime !== "tensorrt") return [];
  const message = "the embedded server has no TensorRT backend";
  const hint = 'write runtime: onnxruntime, or a container release such as triton: "26.08"';
  return [{ rule: "runtime", path: ["target", "runtime"], message, hint }];
}

function unknownVariants(value: unknown): [string, unknown][] {
  return entriesAt(value, ["variants"]);
}

function calibrationProblems(value: unknown): Problem[] {
  return unknownVariants(value).flatMap(([name, variant]) => {
    const path = ["variants", name, "experts", "precision"];
    const eightBit = precisions(variant).find((precision) => precision === "int8" || precision === "fp8");
    if (eightBit === undefined || at(variant, ["experts", "calibration"]) !== undefined) return [];
    const hint = "add calibration: with a file of prompts, one a line, for the activation ranges";
    return [{ rule: "calibration", path, message: `${eightBit} needs calibration prompts`, hint }];
  });
}

/** Precisions of a variant's experts, written as one or as two. */
function precisions(variant: unknown): unknown[] {
  const path = ["experts", "precision"];
  const written = at(variant, path);
  if (typeof written === "string") return [written];
  return [at(variant, [...path, "highNoise"]), at(variant, [...path, "lowNoise"])];
}

function textProblems(value: unknown): Problem[] {
  const path = ["stages", "textEncoder", "precision"];
  if (at(value, ["target", "runtime"]) !== "tensorrt" || at(value, path) !== "fp16") return [];
  const message = "a T5 overflows in fp16 where it is computed in it";
  return [{ rule: "precision", path, message, hint: "write bf16 or fp32" }];
}

/** What onnxruntime's kernels for a CPU compute. */
const ON_A_CPU = ["fp32", "fp16", "int8"];

function kernelProblems(value: unknown): Problem[] {
  if (at(value, ["target", "runtime"]) !== "onnxruntime") return [];
  const stages = (["textEncoder", "vaeDecoder"] as const).map((stage) => {
    const path = ["stages", stage, "precision"];
    return { path, used: [at(value, path)] };
  });
  const experts = unknownVariants(value).map(([name, variant]) => ({
    path: ["variants", name, "experts", "precision"],
    used: precisions(variant),
  }));
  return [...stages, ...experts].flatMap(({ path, used }) => {
    const wrong = used.find((word) => word === "bf16" || word === "fp8");
    if (wrong === undefined) return [];
    const hint = `write one of ${ON_A_CPU.join(", ")}, or runtime: tensorrt`;
    return [{ rule: "runtime", path, message: `onnxruntime has no ${wrong} kernels on a CPU`, hint }];
  });
}

/** Names of other members of a repository, which a variant's front doors must not take. */
const RESERVED = ["tokenizer", "text_encoder", "vae_decoder", "video_encoder"];

/** What a client's studio has under these names, or a promise under `then`: `studio.NAME` would not be the variant. */
const TAKEN_BY_CLIENT = [
  "close",
  "drain",
  "endpoint",
  "endpoints",
  "metrics",
  "model",
  "models",
  "server",
  "then",
  "variants",
];

function nameProblems(value: unknown): Problem[] {
  const names = unknownVariants(value).map(([name]) => name);
  return names.flatMap((name) => {
    const byModel = RESERVED.includes(name) || names.some((other) => name === `${other}_stream`);
    if (!byModel && !TAKEN_BY_CLIENT.includes(name)) return [];
    const message = `"${name}" is taken by ${byModel ? "a model" : "the client, which could not offer it"}`;
    const hint = "choose another name, such as final or draft";
    return [{ rule: "variant-name", path: ["variants", name], message, hint }];
  });
}

const CHECKS = [
  sizeProblems,
  frameProblems,
  tinyProblems,
  runtimeProblems,
  calibrationProblems,
  kernelProblems,
  textProblems,
  nameProblems,
  weightsProblems,
];

/** What a schema cannot say: rules between values, each finding at its own place. */
export function crossCheck(source: DocumentSource): Finding[] {
  return CHECKS.flatMap((check) => check(source.value)).map((problem) => ({
    rule: problem.rule,
    message: `${problem.path.join(".")}: ${problem.message}`,
    hint: problem.hint,
    path: problem.path.join("."),
    position: source.positionOf(problem.path),
  }));
}

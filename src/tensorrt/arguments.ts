import { TriptychError } from "../errors/index.ts";
import type { EngineBuildConfig } from "./build-config.ts";
import { judgeArguments, optionSpan } from "./options.ts";
import { shapeArguments } from "./shapes.ts";
import { formatTensorRtVersion, isAtLeast, parseTensorRtVersion, type TensorRtVersion } from "./version.ts";

/** Oldest release that is built for. */
const OLDEST = "10.3";

/** A flag, or nothing: trtexec reads `--flag=false` as set. */
const flag = (name: string, set: boolean | undefined): string[] => (set === true ? [`--${name}`] : []);

function option(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [`--${name}=${value}`];
}

function requireWhole(name: string, value: number | undefined, least: number): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return value;
  throw new TriptychError("plan-impossible", `${name}: expected a whole number from ${least}, got ${value}`);
}

function requireBuildable(version: TensorRtVersion): TensorRtVersion {
  if (isAtLeast(version, OLDEST) && version.major <= 11) return version;
  throw new TriptychError(
    "plan-impossible",
    `engines are not built for TensorRT ${formatTensorRtVersion(version)}`,
    {
      hint: `choose a container with TensorRT ${OLDEST} to 11`,
    },
  );
}

/** Arguments that decide what the engine is, beside its profiles: builds that agree in both and in their inputs are the same. */
function decidingArguments(config: EngineBuildConfig, version: TensorRtVersion): string[] {
  const workspace = requireWhole("workspaceMiB", config.workspaceMiB, 1);
  return [
    // Without it, 10 would choose precisions by itself; 11 knows nothing else.
    ...flag("stronglyTyped", version.major === 10),
    // Triton's log and the passport name layers by it.
    "--profilingVerbosity=detailed",
    ...option("builderOptimizationLevel", requireWhole("optimizationLevel", config.optimizationLevel, 0)),
    // A bare number is MiB in every release; what suffixes mean has changed.
    ...option("memPoolSize", workspace === undefined ? undefined : `workspace:${workspace}`),
    ...option("sparsity", config.sparsity === true ? "enable" : undefined),
    ...option("hardwareCompatibilityLevel", config.hardwareCompatibility),
    ...flag("versionCompatible", config.versionCompatible),
    ...option("maxTactics", requireWhole("maxTactics", config.maxTactics, 1)),
    ...option("maxAuxStreams", requireWhole("maxAuxStreams", config.maxAuxStreams, 0)),
    ...option("tilingOptimizationLevel", config.tilingOptimizationLevel),
    ...option("tacticSources", config.tacticSources?.join(",")),
    ...flag("noTF32", config.noTf32),
  ];
}

function requireAccepted(all: readonly string[], version: TensorRtVersion): void {
  const refused = judgeArguments(all, version).find(({ verdict }) => verdict === "refused")?.argument;
  if (refused === undefined) return;
  const name = /^--(\w+)/.exec(refused)?.[1] ?? refused;
  const span = optionSpan(name);
  throw new TriptychError(
    "plan-impossible",
    `trtexec of TensorRT ${formatTensorRtVersion(version)} does not take ${refused}`,
    {
      hint:
        span === undefined
          ? "leave the setting out"
          : `--${name} is known ${span}; leave the setting out, or change the release`,
    },
  );
}

/**
 * The arguments of trtexec for a build. Pure.
 *
 * @throws TriptychError `plan-impossible` for what this release of TensorRT would refuse, or would take and get wrong.
 *
 * @example
 * ```ts
 * import { trtexecArguments } from "triptych-sdk";
 *
 * console.log(trtexecArguments({ tensorrt: "11.2", onnx: "model.onnx", engine: "model.plan" }).join(" "));
 * ```
 */
export function trtexecArguments(config: EngineBuildConfig): string[] {
  const version = requireBuildable(parseTensorRtVersion(config.tensorrt));
  const all = [
    `--onnx=${config.onnx}`,
    `--saveEngine=${config.engine}`,
    "--skipInference",
    ...decidingArguments(config, version),
    ...shapeArguments(config.profiles ?? []),
    ...option("timingCacheFile", config.timingCache),
    ...option("exportLayerInfo", config.layerInfo),
    ...option("tempdir", config.temporaryFolder),
  ];
  requireAccepted(all, version);
  return all;
}

/**
 * The arguments that decide what the engine is, for its content key: without paths, logs and timing cache, sorted but
 * for the profiles, whose order is their index.
 *
 * @throws TriptychError `plan-impossible` as {@link trtexecArguments}
 */
export function keyArguments(config: EngineBuildConfig): string[] {
  trtexecArguments(config);
  const deciding = decidingArguments(config, parseTensorRtVersion(config.tensorrt));
  return [...deciding.sort(), ...shapeArguments(config.profiles ?? [])];
}

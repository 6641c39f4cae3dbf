import { open, rename } from "node:fs/promises";
import { systemErrorCode, TriptychError } from "../../errors/index.ts";
import { exists } from "../../files/index.ts";
import {
  type EngineBuildConfig,
  PLAN_HEADER_BYTES,
  readPlanHeader,
  type TensorRtVersion,
} from "../../tensorrt/index.ts";
import { releaseMismatch } from "./release.ts";

/** A plan as it lies on disk. */
export interface PlanFile {
  readonly version: TensorRtVersion;
  readonly bytes: number;
}

/**
 * Size and version of a plan on disk.
 *
 * @throws TriptychError `engine-invalid` for none, and for what is no plan
 */
export async function readPlanFile(file: string, name: string): Promise<PlanFile> {
  const handle = await open(file).catch((cause: unknown) => {
    const reason = systemErrorCode(cause) ?? String(cause);
    throw new TriptychError("engine-invalid", `${name} cannot be read: ${reason}`, { cause });
  });
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(
      new Uint8Array(PLAN_HEADER_BYTES),
      0,
      PLAN_HEADER_BYTES,
      0,
    );
    const version = readPlanHeader(buffer.subarray(0, bytesRead), name);
    if (size > PLAN_HEADER_BYTES) return { version, bytes: size };
    throw new TriptychError("engine-invalid", `${name} is no TensorRT plan: it ends with its header`);
  } finally {
    await handle.close();
  }
}

/**
 * Looks at what trtexec left, and gives it its name if it is the engine that was asked for.
 *
 * @throws TriptychError `engine-invalid`
 */
export async function acceptEngine(config: EngineBuildConfig, partial: string): Promise<PlanFile> {
  if (!(await exists(partial)))
    throw new TriptychError("engine-invalid", `trtexec ended well, but wrote no ${config.engine}`);
  const plan = await readPlanFile(partial, config.engine);
  const mismatch = releaseMismatch(config, plan.version);
  if (mismatch !== undefined) throw mismatch;
  await rename(partial, config.engine);
  return plan;
}

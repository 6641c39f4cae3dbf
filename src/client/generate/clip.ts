import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { systemErrorCode, TriptychError } from "../../errors/index.ts";
import type { AnyOutputs } from "../inference/untyped.ts";
import { bytes, optionalOutput } from "./outputs.ts";
import type { Clip, StageTime, UsedSettings } from "./types.ts";

/** The clip in the outputs of either front door. */
export function readClip(outputs: AnyOutputs, used: UsedSettings, stages: readonly StageTime[]): Clip {
  const video = bytes(outputs, "VIDEO");
  const frames = optionalOutput(outputs, "FRAMES", "UINT8");
  const latent = optionalOutput(outputs, "LATENT", "FP32");
  return {
    video,
    ...(frames === undefined ? {} : { frames }),
    ...(latent === undefined ? {} : { latent }),
    stages,
    used,
    save: (path) => saveFile(path, video),
  };
}

/** Writes beside the target and renames, so that nobody ever sees half a file. */
async function saveFile(path: string, content: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(draft, content, { flag: "wx" });
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): TriptychError {
  const full = ["ENOSPC", "EDQUOT"].includes(systemErrorCode(cause) ?? "");
  const reason = cause instanceof Error ? cause.message : String(cause);
  return full
    ? new TriptychError("disk-full", `No space is left to write ${path}.`, { cause })
    : new TriptychError("output-unwritable", `Could not write ${path}: ${reason}`, {
        hint: "Check that the folder exists and may be written to.",
        cause,
      });
}

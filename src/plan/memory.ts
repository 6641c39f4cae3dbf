import { byteSize } from "../tensor/index.ts";
import type { PipelinePlan } from "./types.ts";

/** Clips whose tensors are under way between models at once, on one GPU: one is worked on, one waits. */
const CLIPS_UNDER_WAY = 2;

/** An MP4 or a prompt, whose size no shape tells. */
const BYTES_ALLOWANCE = 2 ** 24;

/**
 * Bytes that tensors under way between models take at most, summed over every output of every model.
 *
 * Triton's pools have to hold them: where the CUDA pool is too small, Python models have been handed empty tensors with
 * nothing but a line in the log.
 */
export function transferBytes(plan: PipelinePlan): number {
  const outputs = plan.models.flatMap(({ config }) => config.outputs);
  const bytes = outputs.map(({ datatype, dims }) => {
    const size = byteSize(datatype);
    return size === undefined ? BYTES_ALLOWANCE : dims.reduce((product, dim) => product * dim, size);
  });
  return CLIPS_UNDER_WAY * bytes.reduce((sum, value) => sum + value, 0);
}

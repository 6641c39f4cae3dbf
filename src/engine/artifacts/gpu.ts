import { runProgram } from "../../process/index.ts";
import type { GpuFacts } from "./passport.ts";

const FIELDS = "name,compute_cap,memory.total,driver_version";

/** What the driver says of the first GPU; `undefined` where there is no driver to ask. */
export async function gpuFacts(signal?: AbortSignal): Promise<GpuFacts | undefined> {
  const args = [`--query-gpu=${FIELDS}`, "--format=csv,noheader,nounits"];
  const said = await runProgram({ file: "nvidia-smi", args, signal, timeoutMs: 20_000 }).catch(
    () => undefined,
  );
  const [first = ""] = said?.stdout.split("\n") ?? [];
  const [name, computeCapability, memory, driver] = first.split(",").map((word) => word.trim());
  if (name === undefined || computeCapability === undefined || memory === undefined || driver === undefined)
    return undefined;
  return { name, computeCapability, memoryMiB: Number(memory), driver };
}

import { availableParallelism, cpus, totalmem } from "node:os";
import type { HostFacts } from "../records/types.ts";

/** The machine that this runs on. */
export function hostFacts(): HostFacts {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}

import type { GpuUse } from "../records/types.ts";

/** One sample of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+\S+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [name, value.replaceAll(/\\(.)/g, "$1")]),
  );
}

/** Reads Prometheus' text format; lines that are none are passed over. */
export function parseMetrics(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const [, name = "", labels = "", value = ""] = LINE.exec(line.trim()) ?? [];
    return name === "" || Number.isNaN(Number(value))
      ? []
      : [{ name, labels: labelsOf(labels), value: Number(value) }];
  });
}

/** What GPUs showed at one moment. */
export interface GpuReading {
  readonly atMs: number;
  readonly gpus: number;
  /** Sum over GPUs, each from 0 to 1. */
  readonly utilization: number;
  readonly memoryBytes: number;
  readonly joules?: number | undefined;
}

/** The GPU metrics among samples; undefined where the server has no GPU. */
export function gpuReading(samples: readonly Sample[], atMs: number): GpuReading | undefined {
  const values = (name: string): number[] =>
    samples.filter((one) => one.name === name && "gpu_uuid" in one.labels).map(({ value }) => value);
  const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
  const utilization = values("nv_gpu_utilization");
  if (utilization.length === 0) return undefined;
  const joules = values("nv_energy_consumption");
  return {
    atMs,
    gpus: utilization.length,
    utilization: sum(utilization),
    memoryBytes: sum(values("nv_gpu_memory_used_bytes")),
    ...(joules.length === 0 ? {} : { joules: sum(joules) }),
  };
}

/** What GPUs did between the first and the last reading: each stands for the time since the one before. */
export function gpuUse(readings: readonly GpuReading[]): GpuUse | undefined {
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined || readings.length < 2) return undefined;
  const busyMs = readings
    .slice(1)
    .reduce((sum, one, index) => sum + (one.atMs - (readings[index]?.atMs ?? one.atMs)) * one.utilization, 0);
  return {
    gpus: last.gpus,
    gpuSeconds: busyMs / 1000,
    peakMemoryBytes: Math.max(...readings.map(({ memoryBytes }) => memoryBytes)),
    ...(first.joules === undefined || last.joules === undefined
      ? {}
      : { joules: last.joules - first.joules }),
  };
}

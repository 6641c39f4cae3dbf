import path from "node:path";
import type { EnvironmentChanges } from "../../process/index.ts";
import { tritonFlags } from "../flags.ts";
import type { SettledPorts } from "../ports.ts";
import { sharedMemoryPrefix } from "../shared-memory.ts";
import type { EmbeddedOptions } from "../types.ts";
import type { EmbeddedEnvironment } from "./layout.ts";

/** How to start the embedded server by hand. */
export interface EmbeddedCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: EnvironmentChanges;
}

function listenFlags(ports: SettledPorts): string[] {
  return (["http", "grpc", "metrics"] as const).flatMap((name) => [
    // It has no protection and old faults: nobody else's machine may reach it.
    `--${name}-address=127.0.0.1`,
    `--${name}-port=${String(ports[name])}`,
  ]);
}

function environmentChanges(environment: EmbeddedEnvironment, threads: number): EnvironmentChanges {
  const limit = String(threads);
  return {
    // The model processes take the Python that stands first on PATH, with its packages.
    PATH: [path.dirname(environment.python), process.env["PATH"] ?? ""].join(path.delimiter),
    LD_LIBRARY_PATH: environment.libraryFolder,
    PYTHONPATH: undefined,
    PYTHONHOME: undefined,
    // The models' Python takes the encoding of text files from here; it reads no variables of its own.
    LC_ALL: "C.UTF-8",
    // It has no GPU backend; without this it would set up memory on every GPU it sees.
    CUDA_VISIBLE_DEVICES: "",
    // From 1.29 on, onnxruntime tells Microsoft about every model that it loads, unless told not to.
    ORT_DISABLE_TELEMETRY: "1",
    OMP_NUM_THREADS: limit,
    OPENBLAS_NUM_THREADS: limit,
    MKL_NUM_THREADS: limit,
  };
}

/** The command for a server on these ports; `id` is its own name and marks its shared memory. Pure but for our PATH. */
export function embeddedCommand(
  environment: EmbeddedEnvironment,
  options: EmbeddedOptions,
  ports: SettledPorts,
  id: string,
): EmbeddedCommand {
  const args = [
    `--id=${id}`,
    `--model-repository=${options.modelRepository}`,
    `--backend-directory=${environment.backendDirectory}`,
    `--cache-directory=${environment.cacheDirectory}`,
    ...listenFlags(ports),
    "--allow-gpu-metrics=false",
    `--backend-config=python,shm-region-prefix-name=${sharedMemoryPrefix(id)}`,
    ...tritonFlags(options),
  ];
  return { file: environment.tritonserver, args, env: environmentChanges(environment, options.threads ?? 1) };
}

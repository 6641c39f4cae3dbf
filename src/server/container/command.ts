import path from "node:path";
import { TriptychError } from "../../errors/index.ts";
import { tritonFlags } from "../flags.ts";
import type { SettledPorts } from "../ports.ts";
import type { ContainerOptions } from "../types.ts";
import { judgeTag } from "./image.ts";

/** A command for docker, with what is unwise about it. */
export interface DockerCommand {
  /** `docker` and its arguments. */
  readonly argv: readonly string[];
  readonly warnings: readonly string[];
}

/** What a command for docker is made of; ports default to Triton's own (8000, 8001, 8002). */
export interface DockerCommandOptions extends ContainerOptions {
  /** Name of the container, and of the server in it (default `triptych`). */
  readonly name?: string | undefined;
}

const DEFAULT_IMAGE = "nvcr.io/nvidia/tritonserver";
const DEFAULT_TAG = "26.08-py3";
const DEFAULT_PORTS: SettledPorts = { http: 8000, grpc: 8001, metrics: 8002 };
const DEFAULT_SHM_BYTES = 2 ** 30;
const MOUNT = "/models";

function gpuFlags(gpus: ContainerOptions["gpus"] = "all"): string[] {
  if (gpus === "none") return [];
  // docker reads this value as CSV, where a list needs quotes of its own.
  return [`--gpus=${gpus === "all" ? gpus : `"device=${gpus.join(",")}"`}`];
}

function portFlags(ports: ContainerOptions["ports"] = {}): string[] {
  return (["http", "grpc", "metrics"] as const).map((name) => {
    const host = ports[name] ?? DEFAULT_PORTS[name];
    // Triton has no log-in of its own: the host's loopback only.
    return `--publish=127.0.0.1:${String(host)}:${String(DEFAULT_PORTS[name])}`;
  });
}

/** `--mount` is CSV too; `--volume` would split a path at its colons. */
function mountFlag(source: string, target: string): string {
  const field = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `--mount=type=bind,${field(`source=${source}`)},${field(`target=${target}`)},readonly`;
}

function requirePositive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TriptychError("usage", `${name} must be a whole number above 0, not ${String(value)}`);
}

/** Where the container finds the models. */
function modelRepositoryInside({ repositoryRoot, modelRepository }: ContainerOptions): string {
  const below = repositoryRoot === undefined ? "" : path.relative(repositoryRoot, modelRepository);
  if (!below.startsWith("..") && !path.isAbsolute(below))
    return path.posix.join(MOUNT, ...below.split(path.sep));
  const message = `modelRepository ${modelRepository} does not lie in repositoryRoot ${repositoryRoot ?? ""}`;
  throw new TriptychError("usage", message);
}

function runFlags(options: DockerCommandOptions): string[] {
  const shmBytes = requirePositive("shmBytes", options.shmBytes ?? DEFAULT_SHM_BYTES);
  const folders = (options.mounts ?? []).map((folder) => path.resolve(folder));
  return [
    "--rm",
    `--name=${options.name ?? "triptych"}`,
    ...gpuFlags(options.gpus),
    `--shm-size=${String(shmBytes)}`,
    // Pinned memory and deep stacks: the limits that NVIDIA's own guides raise.
    "--ulimit=memlock=-1",
    "--ulimit=stack=67108864",
    `--user=${options.user ?? "1000:1000"}`,
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    ...portFlags(options.ports),
    mountFlag(path.resolve(options.repositoryRoot ?? options.modelRepository), MOUNT),
    ...folders.map((folder) => mountFlag(folder, folder)),
    ...Object.entries(options.env ?? {}).map(([name, value]) => `--env=${name}=${value}`),
  ];
}

/**
 * The `docker run` for NVIDIA's container: pure, to show or to run.
 *
 * @throws TriptychError `plan-impossible` for an image that is too old to be safe (before 25.08), `usage` for a size
 * that is none.
 */
export function dockerCommand(options: DockerCommandOptions): DockerCommand {
  const tag = options.tag ?? DEFAULT_TAG;
  const warnings = judgeTag(tag);
  const server = [
    "tritonserver",
    `--id=${options.name ?? "triptych"}`,
    `--model-repository=${modelRepositoryInside(options)}`,
  ];
  const image = `${options.image ?? DEFAULT_IMAGE}:${tag}`;
  return {
    argv: ["docker", "run", ...runFlags(options), image, ...server, ...tritonFlags(options)],
    warnings,
  };
}

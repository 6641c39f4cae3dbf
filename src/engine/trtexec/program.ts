import { randomUUID } from "node:crypto";
import { TriptychError } from "../../errors/index.ts";
import { runProgram } from "../../process/index.ts";

/** Where trtexec runs. */
export type Trtexec =
  /** On this machine: a name on PATH, or a path. */
  | { readonly kind: "local"; readonly file: string }
  /** In a container of NVIDIA's, which then carries the very TensorRT that will load the engine. */
  | {
      readonly kind: "container";
      readonly image: string;
      /** Folders that are seen inside under the same paths. */
      readonly folders: readonly string[];
      /** Which GPU; default all. */
      readonly gpu?: string;
    };

/** A program that can be run, and what to do when it was ended early. */
export interface Runnable {
  readonly file: string;
  readonly args: readonly string[];
  /** Ends what lives on without its program. */
  readonly clear: () => Promise<void>;
}

/** On PATH since TensorRT 10.15, before it only in its own folder. */
const INSIDE = 'PATH="$PATH:/usr/src/tensorrt/bin" exec trtexec "$@"';

/** `--mount` reads CSV: a path with a comma or a quote needs quotes. */
function mount(folder: string): string {
  const field = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `--mount=type=bind,${field(`source=${folder}`)},${field(`target=${folder}`)}`;
}

function user(): string[] {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  return uid === undefined || gid === undefined ? [] : [`--user=${uid}:${gid}`];
}

/** The `docker run` that runs trtexec in a container of a name. */
export function dockerArguments(
  trtexec: Extract<Trtexec, { kind: "container" }>,
  args: readonly string[],
  name: string,
): string[] {
  return [
    ...["run", "--rm", `--name=${name}`],
    // Without it trtexec would be process 1, which the kernel spares TERM.
    "--init",
    `--gpus=${trtexec.gpu ?? "all"}`,
    ...user(),
    ...["--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none"],
    ...trtexec.folders.map(mount),
    ...["--entrypoint=sh", trtexec.image, "-c", INSIDE, "sh"],
    ...args,
  ];
}

/** A run of trtexec with arguments, here or in a container. */
export function runnable(trtexec: Trtexec, args: readonly string[]): Runnable {
  if (trtexec.kind === "local") return { file: trtexec.file, args, clear: () => Promise.resolve() };
  const name = `triptych-build-${randomUUID()}`;
  return {
    file: "docker",
    args: dockerArguments(trtexec, args, name),
    // A container lives on when the program that started it is killed.
    clear: async () => {
      const remove = { file: "docker", args: ["rm", "--force", name], timeoutMs: 30_000 };
      await runProgram(remove).catch(() => undefined);
    },
  };
}

/** The error for a program that is not there. */
export function programMissing(program: string, cause: unknown): TriptychError {
  if (program === "docker") {
    const hint =
      "install Docker Engine and the NVIDIA Container Toolkit, or build with a trtexec of this machine";
    return new TriptychError("docker-missing", "No docker program on PATH", { cause, hint });
  }
  return new TriptychError("trtexec-missing", `${program} was not found`, {
    cause,
    hint: "it is part of NVIDIA's containers: /usr/src/tensorrt/bin/trtexec up to TensorRT 10.14, on PATH since",
  });
}

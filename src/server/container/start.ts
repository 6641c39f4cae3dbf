import { isTriptychError, TriptychError } from "../../errors/index.ts";
import { commandLine, isProgramMissing, runProgram } from "../../process/index.ts";
import { cacheFolder } from "../cache-folder.ts";
import { launch } from "../launch.ts";
import { type SettledPorts, withPorts } from "../ports.ts";
import { openRunFolder, sweepDeadServers } from "../run-folder.ts";
import type { ContainerOptions, TritonServer } from "../types.ts";
import { dockerCommand } from "./command.ts";

/** A container lives on when its `docker run` is killed. The part in the background removes it when we are gone. */
const SUPERVISOR = `exec 3<&0
setsid sh -c 'cat <&3 >/dev/null; docker rm --force "$1"' sh "$1" >/dev/null 2>&1 &
shift
exec "$@" 3<&- </dev/null`;

const STOP_SECONDS = 10;

/**
 * Makes sure that docker is there and answers.
 *
 * @returns The version of its engine.
 * @throws TriptychError `docker-missing`, also where its engine does not answer.
 */
export async function requireDocker(signal?: AbortSignal): Promise<string> {
  const args = ["version", "--format", "{{.Server.Version}}"];
  try {
    const { stdout } = await runProgram({ file: "docker", args, signal, timeoutMs: 20_000 });
    return stdout.trim();
  } catch (cause) {
    if (isTriptychError(cause, "cancelled")) throw cause;
    if (isProgramMissing(cause)) {
      const hint = "Install Docker Engine and the NVIDIA Container Toolkit, or use the embedded server.";
      throw new TriptychError("docker-missing", "No docker program on PATH", { hint, cause });
    }
    const details = isTriptychError(cause) ? cause.details : {};
    const message = `The docker engine does not answer: ${(details.logTail ?? String(cause)).trim()}`;
    throw new TriptychError("docker-missing", message, { hint: "See: docker info", cause, details });
  }
}

/** `docker stop` where the container runs; where docker is still fetching the image, the signal that follows ends it. */
async function stopContainer(name: string): Promise<void> {
  const args = ["stop", "--time", String(STOP_SECONDS), name];
  await runProgram({ file: "docker", args, timeoutMs: (STOP_SECONDS + 20) * 1_000 }).catch(() => undefined);
}

async function startOn(ports: SettledPorts, options: ContainerOptions): Promise<TritonServer> {
  const run = await openRunFolder(cacheFolder(options.cacheDir), "container");
  const [file = "docker", ...args] = dockerCommand({ ...options, ports, name: run.id }).argv;
  const plan = {
    file: "sh",
    args: ["-c", SUPERVISOR, "sh", run.id, file, ...args],
    reproduce: commandLine(file, args),
    ports,
    run,
    // The image may have to be fetched first, and large engines take minutes to load.
    readyTimeoutMs: options.readyTimeoutMs ?? 900_000,
    askToStop: () => stopContainer(run.id),
  };
  return launch(plan, options);
}

/** Starts NVIDIA's container through the docker program. */
export async function startContainer(options: ContainerOptions): Promise<TritonServer> {
  // Judged before docker is asked: what is refused is refused on every machine.
  for (const warning of dockerCommand(options).warnings) options.onWarning?.(warning);
  await requireDocker(options.signal);
  await sweepDeadServers(cacheFolder(options.cacheDir));
  return withPorts(options.ports ?? {}, (ports) => startOn(ports, options));
}

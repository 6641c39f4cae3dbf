import { commandLine } from "../../process/index.ts";
import { cacheFolder } from "../cache-folder.ts";
import { launch } from "../launch.ts";
import { type SettledPorts, withPorts } from "../ports.ts";
import { openRunFolder, sweepDeadServers } from "../run-folder.ts";
import { removeSharedMemory, sharedMemoryPrefix } from "../shared-memory.ts";
import type { EmbeddedOptions, TritonServer } from "../types.ts";
import { assetPath } from "./asset.ts";
import { embeddedCommand } from "./command.ts";
import { ensureEmbedded } from "./environment.ts";
import { removeEnvironmentFolders } from "./environment-folders.ts";
import type { EmbeddedEnvironment } from "./layout.ts";
import { plainPaths } from "./plain-paths.ts";

/** Seconds that Triton gets to end when we are gone. */
const ORPHAN_GRACE_SECONDS = "10";

async function startOn(
  ports: SettledPorts,
  environment: EmbeddedEnvironment,
  options: EmbeddedOptions,
): Promise<TritonServer> {
  const run = await openRunFolder(cacheFolder(options.cacheDir), "embedded");
  const paths = plainPaths(run.folder, options.modelRepository, environment);
  const { modelRepository } = paths;
  const { file, args, env } = embeddedCommand(
    paths.environment,
    { ...options, modelRepository },
    ports,
    run.id,
  );
  const prefix = sharedMemoryPrefix(run.id);
  const since = Date.now();
  const plan = {
    // The launcher becomes Triton; the watcher that it leaves beside it ends Triton when we are killed.
    file: environment.python,
    args: ["-I", "-S", assetPath("launch.py"), ORPHAN_GRACE_SECONDS, prefix, file, ...args],
    env,
    reproduce: commandLine(file, args, env),
    ports,
    run,
    readyTimeoutMs: options.readyTimeoutMs ?? 120_000,
    // The last port that it opens. Until then another program may still take it.
    upWhenLogged:
      options.flags?.includes("--allow-metrics=false") === true ? undefined : "Started Metrics Service",
    tidy: () => {
      removeSharedMemory(prefix);
      removeEnvironmentFolders(since);
      paths.remove();
    },
  };
  return launch(plan, options);
}

/** Starts Triton 24.10 from the embedded environment, which is made first where it is not there. */
export async function startEmbedded(options: EmbeddedOptions): Promise<TritonServer> {
  const environment = await ensureEmbedded(options);
  await sweepDeadServers(cacheFolder(options.cacheDir));
  return withPorts(options.ports ?? {}, (ports) => startOn(ports, environment, options));
}

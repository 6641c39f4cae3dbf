import { join } from "node:path";
import { type PipelinePlan, transferBytes } from "../plan/index.ts";
import { checkWeights, MODELS_FOLDER, refuseWeights } from "../repository/index.ts";
import {
  type EnvironmentProgress,
  type ServerPorts,
  startTriton,
  type TritonServer,
} from "../server/index.ts";
import { writePipeline } from "./commands/repository.ts";
import type { Context } from "./context.ts";
import { type LoadedPipeline, repositoryFolder } from "./load.ts";

/** Built from the Dockerfile of a rendered repository: NVIDIA's image with what the Python models need. */
const DEFAULT_IMAGE = "triptych/tritonserver";

/** How `serve` and `demo` start a server. */
export interface LaunchOptions {
  readonly out?: string;
  readonly ports: ServerPorts;
  readonly readyTimeoutMs?: number;
  /** Container image without its tag, for a container target; default: the one of the repository's Dockerfile. */
  readonly image?: string;
  /** Every line of the server's log goes to stderr. */
  readonly verbose?: boolean;
}

/** Room for the tensors that pass between models: on the GPU, in pinned memory and in shared memory. */
function pools(plan: PipelinePlan): { readonly flags: readonly string[]; readonly shmBytes: number } {
  const bytes = transferBytes(plan);
  return {
    flags: [`--cuda-memory-pool-byte-size=0:${bytes}`, `--pinned-memory-pool-byte-size=${bytes}`],
    shmBytes: 2 * bytes,
  };
}

/** Said once on every machine, since nobody expects a server to come by pip. */
const FIRST_TIME = " for the server, once: 150 MB to fetch, 420 MB on disk";

/**
 * Brings a pipeline's repository up to date and starts its server on it. What is missing or wrong with the weights is
 * said before Triton starts.
 *
 * @throws TriptychError `weights-missing`, `weights-mismatch`, and what writing and starting throw
 */
export async function launch(
  context: Context,
  loaded: LoadedPipeline,
  options: LaunchOptions,
): Promise<TritonServer> {
  const { plan, checkpoint } = loaded;
  refuseWeights(await checkWeights(plan, checkpoint));
  const folder = repositoryFolder(plan, options.out);
  await writePipeline(loaded, folder);
  return startRepository(context, plan, folder, options);
}

/**
 * Starts the server of a pipeline on a repository as it stands in a folder.
 *
 * @throws TriptychError what starting throws
 */
export async function startRepository(
  context: Context,
  plan: PipelinePlan,
  folder: string,
  options: Omit<LaunchOptions, "out">,
): Promise<TritonServer> {
  const { terminal, signal } = context;
  const common = {
    modelRepository: join(folder, MODELS_FOLDER),
    ports: options.ports,
    signal,
    readyTimeoutMs: options.readyTimeoutMs,
    ...(plan.explicitControl ? { models: plan.startModels } : {}),
    ...(options.verbose === true ? { onLine: terminal.err } : {}),
  };
  if (plan.spec.target.triton === "embedded") {
    const onProgress = ({ step, message }: EnvironmentProgress): void => {
      // Found at once, as a rule; only what takes time is worth a line.
      if (step !== "python") terminal.err(`  ${message}${step === "create" ? FIRST_TIME : ""}`);
    };
    return startTriton({ ...common, kind: "embedded", onProgress });
  }
  const onWarning = (message: string): void => {
    terminal.err(`warning: ${message}`);
  };
  const tag = `${plan.spec.target.triton}-py3`;
  const image = options.image ?? DEFAULT_IMAGE;
  return startTriton({
    ...common,
    ...pools(plan),
    kind: "container",
    repositoryRoot: folder,
    tag,
    image,
    onWarning,
  });
}

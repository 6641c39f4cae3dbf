import type { LineListener } from "../process/index.ts";

/** How a server ended. */
export interface ServerExit {
  /** Exit code; null where a signal ended it, or where there was no process of ours. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True where `stop()` had asked for it; otherwise the server went down by itself. */
  readonly expected: boolean;
}

/** A Triton server that is ready. */
export interface TritonServer {
  readonly kind: ServerOptions["kind"];
  /** Host and port for gRPC, such as `127.0.0.1:8001`. */
  readonly grpcEndpoint: string;
  /** Base of the HTTP API, such as `http://127.0.0.1:8000`. */
  readonly httpUrl: string;
  /** Prometheus metrics, such as `http://127.0.0.1:8002/metrics`. */
  readonly metricsUrl: string;
  /** Process id of Triton (embedded) or of `docker run` (container). */
  readonly pid?: number | undefined;
  /** File with its whole log; absent for a remote server. */
  readonly logFile?: string | undefined;
  /** Settles when the server has ended and its traces are removed; never rejects. A remote one ends by `stop()`. */
  readonly exited: Promise<ServerExit>;
  /** The last lines of its log, oldest first; empty for a remote server. */
  logTail(lines?: number): string;
  /** Ends the server and waits until it is gone. Safe to call often. Leaves a remote server alone. */
  stop(): Promise<void>;
  /** Stops the server, as `stop` does. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** TCP ports; one that is left out is chosen among the free ones. */
export interface ServerPorts {
  readonly http?: number | undefined;
  readonly grpc?: number | undefined;
  readonly metrics?: number | undefined;
}

/** How long to wait for a server. */
interface WaitOptions {
  /** Milliseconds until the server must be ready (default: embedded 120000, container 900000, remote 30000). */
  readonly readyTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a server that this process starts is started. */
interface LaunchOptions extends WaitOptions {
  /** Folder with one folder per model. */
  readonly modelRepository: string;
  /**
   * Models to load, by explicit model control; those that they call must be named too, but for the members of an
   * ensemble. Without it, all models of the repository and no model control.
   */
  readonly models?: readonly string[] | undefined;
  readonly ports?: ServerPorts | undefined;
  /** File for the whole log (default: in the server's run folder, which is removed after a clean stop). */
  readonly logFile?: string | undefined;
  /** Every line of the server's log as it comes. */
  readonly onLine?: LineListener | undefined;
  /** Triptych's cache folder (default: `TRIPTYCH_CACHE`, `$XDG_CACHE_HOME/triptych`, `~/.cache/triptych`). */
  readonly cacheDir?: string | undefined;
  /**
   * Whether Triton completes configurations from the models' own files, as it does by itself (default false: a repository
   * says everything). For repositories of others that rely on it.
   */
  readonly autoComplete?: boolean | undefined;
  /** Further flags of tritonserver, each one word such as `--log-verbose=1`. */
  readonly flags?: readonly string[] | undefined;
  /** Settings of backends, such as `{ python: { "shm-default-byte-size": 4194304 } }`. */
  readonly backendConfig?: Readonly<Record<string, Readonly<Record<string, string | number>>>> | undefined;
}

/** A step of making the embedded server's environment. */
export interface EnvironmentProgress {
  readonly step: "python" | "wait" | "create" | "install" | "arrange";
  readonly message: string;
}

/** How to make, or find, the embedded server's environment. */
export interface EnvironmentOptions {
  readonly cacheDir?: string | undefined;
  /** Python 3.10 to 3.12 to build it with (default: the first suitable one on PATH). */
  readonly python?: string | undefined;
  /** Told each step of making the environment. */
  readonly onProgress?: ((progress: EnvironmentProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Triton 24.10 (2.51) from PyPI, on the CPU, on loopback: for laptops and tests, never for production. */
export interface EmbeddedOptions extends LaunchOptions, Pick<EnvironmentOptions, "python" | "onProgress"> {
  readonly kind: "embedded";
  /** Threads that numeric libraries may use in each model process (default 1). */
  readonly threads?: number | undefined;
}

/** NVIDIA's container, run by the docker program. */
export interface ContainerOptions extends LaunchOptions {
  readonly kind: "container";
  /** Tag of NVIDIA's image (default `26.08-py3`). */
  readonly tag?: string | undefined;
  /** Image without its tag (default `nvcr.io/nvidia/tritonserver`). */
  readonly image?: string | undefined;
  /** GPUs to give it: all (default), none, or those of these indices. */
  readonly gpus?: "all" | "none" | readonly number[] | undefined;
  /** Size of its /dev/shm in bytes (default 1 GiB); tensors of Python models travel there. */
  readonly shmBytes?: number | undefined;
  /** User inside the container (default `1000:1000`, the image's `triton-server`). */
  readonly user?: string | undefined;
  /**
   * Folder that the container sees, with `modelRepository` in it (default: `modelRepository` itself). A repository
   * rendered by Triptych needs its own folder here: its Python models share a package that stands beside them.
   */
  readonly repositoryRoot?: string | undefined;
  /** More host folders, each mounted read-only at its own path: targets of symbolic links in the repository. */
  readonly mounts?: readonly string[] | undefined;
  /** Environment variables inside the container. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Called with what is unwise but possible, such as an image with known security faults. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** A server that somebody else runs. */
export interface RemoteOptions extends WaitOptions {
  readonly kind: "remote";
  /** Base of its HTTP API, such as `http://triton.example:8000`. */
  readonly httpUrl: string;
  /** Host and port for gRPC (default: the host of `httpUrl`, port 8001). */
  readonly grpcEndpoint?: string | undefined;
  /** Default: the host of `httpUrl`, port 8002, path `/metrics`. */
  readonly metricsUrl?: string | undefined;
}

/** Where Triton comes from. */
export type ServerOptions = EmbeddedOptions | ContainerOptions | RemoteOptions;

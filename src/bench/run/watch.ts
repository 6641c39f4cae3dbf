import { type EventLoopUtilization, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { TriptychError } from "../../errors/index.ts";
import { type CpuReading, cpuShares, readCpu } from "../host/cpu.ts";
import type { GeneratorFacts, HostLoad, Resources } from "../records/types.ts";
import { type GpuReading, gpuReading, gpuUse, parseMetrics } from "../server/metrics.ts";
import {
  type GroupReading,
  isTriton,
  processName,
  processUse,
  readGroup,
  servingProcess,
} from "../server/process-use.ts";

/** What is looked at while a run is measured. */
export interface WatchOptions {
  readonly endpoints: readonly string[];
  /** Process of the server, where it is not found by itself. */
  readonly serverPid?: number | undefined;
  /** Prometheus endpoints of the servers. */
  readonly metricsUrls?: readonly string[] | undefined;
}

/** What was seen. */
export interface Seen {
  readonly generator: Omit<GeneratorFacts, "capped">;
  readonly load: Omit<HostLoad, "spin">;
  readonly resources: Resources;
  readonly missing: readonly string[];
}

const INTERVAL_MS = 1000;
const METRICS_MS = 5000;
const LOOP_RESOLUTION_MS = 10;

async function readGpus(urls: readonly string[]): Promise<GpuReading | undefined> {
  const texts = await Promise.all(
    urls.map(async (url) => {
      // One connection for each reading: Triton waits for idle ones when it is asked to stop.
      const answer = await fetch(url, {
        signal: AbortSignal.timeout(METRICS_MS),
        headers: { connection: "close" },
      });
      return answer.text();
    }),
  );
  return gpuReading(texts.flatMap(parseMetrics), performance.now());
}

/** The pid of a local Triton; a proxy of a container that holds the port is not it. */
function findServer({ endpoints, serverPid }: WatchOptions): number | undefined {
  if (serverPid !== undefined) return serverPid;
  const pid = endpoints.length === 1 ? servingProcess(endpoints[0] ?? "") : undefined;
  return pid !== undefined && processName(pid)?.startsWith("triton") === true ? pid : undefined;
}

/** @throws TriptychError `usage` for a process that is gone, or is no Triton. */
export function requireServerPid(pid: number | undefined): void {
  if (pid === undefined || isTriton(pid)) return;
  const name = processName(pid);
  const got = name === undefined ? "which is not there" : `which is ${name}`;
  throw new TriptychError("usage", `server pid: expected the process of a Triton, got ${pid}, ${got}.`, {
    hint: "Name the process of tritonserver on this machine, or none: a local one is found by its port.",
  });
}

function isLocal(endpoint: string): boolean {
  return /^(127\.|localhost:|\[::1\]|unix:)/.test(endpoint);
}

/** Looks at sender, machine and server from one moment to another. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #pid: number | undefined;
  readonly #start = performance.now();
  readonly #cpu: CpuReading | undefined = readCpu();
  readonly #own = process.cpuUsage();
  readonly #loop: EventLoopUtilization = performance.eventLoopUtilization();
  readonly #delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  readonly #groups: GroupReading[] = [];
  readonly #gpus: GpuReading[] = [];
  readonly #missing = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#pid = findServer(options);
    this.#delay.enable();
    this.#look();
    this.#timer = setInterval(() => {
      this.#look();
    }, INTERVAL_MS);
  }

  /** Ends looking, and tells what was seen. */
  async stop(): Promise<Seen> {
    clearInterval(this.#timer);
    this.#delay.disable();
    // Both before the last look, which is work of ours.
    const generator = this.#generator();
    this.#look();
    await this.#reading;
    return {
      generator,
      load: this.#load(),
      resources: this.#resources(),
      missing: [...this.#missing],
    };
  }

  #look(): void {
    const group = this.#pid === undefined ? undefined : readGroup(this.#pid);
    if (group !== undefined) this.#groups.push(group);
    const urls = this.#options.metricsUrls ?? [];
    if (urls.length === 0) return;
    this.#reading = this.#reading.then(async () => {
      try {
        const reading = await readGpus(urls);
        if (reading !== undefined) this.#gpus.push(reading);
      } catch (reason) {
        this.#missing.add(`metrics: ${reason instanceof Error ? reason.message : String(reason)}`);
      }
    });
  }

  #generator(): Seen["generator"] {
    const { utilization } = performance.eventLoopUtilization(this.#loop);
    // An idle loop shows the resolution itself as delay.
    const delay = this.#delay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS;
    return { utilization, loopDelayP99Ms: Number.isFinite(delay) ? Math.max(0, delay) : 0 };
  }

  #load(): Seen["load"] {
    const after = readCpu();
    if (this.#cpu === undefined || after === undefined) return { busy: 0, steal: 0 };
    const { user, system } = process.cpuUsage(this.#own);
    return cpuShares(this.#cpu, after, (user + system) / 1000, this.#serverMs());
  }

  /** CPU time of the server on this machine: none of one elsewhere, unknown of one that was not found. */
  #serverMs(): number | undefined {
    const [first, last] = [this.#groups[0], this.#groups.at(-1)];
    if (first !== undefined && last !== undefined) return last.cpuMs - first.cpuMs;
    return this.#options.endpoints.some(isLocal) ? undefined : 0;
  }

  #resources(): Resources {
    const elapsed = performance.now() - this.#start;
    const use = this.#pid === undefined ? undefined : processUse(this.#pid, this.#groups, elapsed);
    const gpu = gpuUse(this.#gpus);
    return { ...(use === undefined ? {} : { process: use }), ...(gpu === undefined ? {} : { gpu }) };
  }
}

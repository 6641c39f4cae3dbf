import {
  type Clip,
  connect,
  type ModelStatistics,
  type ServerMetadata,
  type Studio,
  type TlsOptions,
  type VariantClient,
} from "../../client/index.ts";
import { TriptychError, toTriptychError } from "../../errors/index.ts";
import type { Contract, VariantContract } from "../../model-config/index.ts";
import type { PlannedRequest } from "../plan/mix.ts";
import type { Door, RequestRecord, StageRecord } from "../records/types.ts";
import { callsOf, settledStatistics } from "../server/settled.ts";

/** How a request ended. */
export type Outcome = Pick<RequestRecord, "outcome" | "bytes" | "stages" | "message">;

/** A server that is measured. */
export interface Target {
  readonly endpoint: string;
  /** Never rejects: what goes wrong is an outcome. */
  send(request: PlannedRequest): Promise<Outcome>;
  /** A clip with its frames and its latent, to be looked at; rejects where it fails. */
  sample(request: PlannedRequest): Promise<Clip>;
  /** What the server has counted for each model so far, once every call that was answered here is counted. */
  statistics(): Promise<readonly ModelStatistics[]>;
  /** Name and version of the server. */
  metadata(): Promise<ServerMetadata>;
  /** Ends the connection. */
  close(): Promise<void>;
}

/** What connecting to a target takes. */
export interface TargetOptions {
  readonly door: Door;
  /** Most time a clip may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly tls?: TlsOptions | undefined;
}

/** Statistics are small; a server that does not give them in this time will not. */
const STATISTICS_MS = 30_000;

/** A message is told once for each kind of error, and need not be long. */
const LONGEST_MESSAGE = 300;

function stagesOf(clip: Clip): Pick<Outcome, "stages"> {
  if (clip.stages.length === 0) return {};
  const stages: StageRecord = Object.fromEntries(
    clip.stages.map(({ stage, steps, ms }) => [stage, [steps, ms]]),
  );
  return { stages };
}

/** What is recorded of an error. */
export function failureOf(reason: unknown): Outcome {
  const { code, message } = toTriptychError(reason);
  return { outcome: code, message: message.slice(0, LONGEST_MESSAGE) };
}

function clientOf(studio: Studio<Contract>, variant: string): VariantClient<VariantContract> {
  const client = studio.variants[variant];
  if (client !== undefined) return client;
  throw new TriptychError("request-invalid", `The contract has no variant ${variant}.`);
}

async function ask(studio: Studio<Contract>, request: PlannedRequest, options: TargetOptions): Promise<Clip> {
  const client = clientOf(studio, request.variant);
  const { text: prompt, seed, steps } = request;
  // Without the signal: a request that runs when a person interrupts is measured to its end.
  const call = { deadlineMs: options.deadlineMs };
  if (options.door === "ensemble") return client.generateUnary({ prompt, seed, steps }, call);
  return client.generate({ prompt, seed, steps }, call).result;
}

function sampleOf(studio: Studio<Contract>, request: PlannedRequest, deadlineMs: number): Promise<Clip> {
  const { text: prompt, seed, steps } = request;
  const wanted = { prompt, seed, steps, frames: true, latent: true };
  return clientOf(studio, request.variant).generate(wanted, { deadlineMs }).result;
}

/** Calls that a server must have counted: those before, where they are known, and those that were answered since. */
class AnsweredCalls {
  readonly #calls: Record<string, number> = {};
  readonly #contract: Contract;
  readonly #door: Door;

  constructor(contract: Contract, door: Door) {
    this.#contract = contract;
    this.#door = door;
  }

  /** Counts from what the server has counted by now. */
  startFrom(readings: readonly ModelStatistics[]): void {
    const calls = callsOf(readings);
    for (const variant of Object.values(this.#contract.variants)) {
      const model = variant[this.#door];
      this.#calls[model] = calls[model] ?? 0;
    }
  }

  add(variant: string): void {
    const model = this.#contract.variants[variant]?.[this.#door];
    const known = model === undefined ? undefined : this.#calls[model];
    if (model !== undefined && known !== undefined) this.#calls[model] = known + 1;
  }

  get atLeast(): Readonly<Record<string, number>> {
    return this.#calls;
  }
}

/** Connects to a server that is to be measured. */
async function openTarget(endpoint: string, contract: Contract, options: TargetOptions): Promise<Target> {
  const { signal, tls } = options;
  const studio: Studio<Contract> = await connect(endpoint, {
    contract,
    signal,
    tls,
    // A second attempt would hide what the first one met.
    retry: false,
  });
  const read = () => studio.server.statistics("", { deadlineMs: STATISTICS_MS });
  const answered = new AnsweredCalls(contract, options.door);
  // Where they cannot be had, whoever asks for them later is told why.
  answered.startFrom(await read().catch(() => []));
  return {
    endpoint,
    send: async (request) => {
      try {
        const clip = await ask(studio, request, options);
        answered.add(request.variant);
        return { outcome: "ok", bytes: clip.video.length, ...stagesOf(clip) };
      } catch (reason) {
        return failureOf(reason);
      }
    },
    sample: async (request) => sampleOf(studio, request, options.deadlineMs),
    statistics: () => settledStatistics({ read, atLeast: answered.atLeast }),
    metadata: () => studio.server.metadata({ deadlineMs: STATISTICS_MS }),
    close: () => studio.close(),
  };
}

/**
 * Connects to several servers, or to none of them.
 *
 * @throws TriptychError what `connect` throws
 */
export async function openTargets(
  endpoints: readonly string[],
  contract: Contract,
  options: TargetOptions,
): Promise<Target[]> {
  const found = await Promise.allSettled(
    endpoints.map((endpoint) => openTarget(endpoint, contract, options)),
  );
  const targets = found.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = found.find((one) => one.status === "rejected");
  if (failed === undefined) return targets;
  await Promise.all(targets.map((target) => target.close()));
  throw toTriptychError(failed.reason);
}

import { isTriptychError, TriptychError } from "../../errors/index.ts";
import { type CallOptions, checkedDeadline } from "../options.ts";
import type { Transport } from "../transport/transport.ts";
import { checkedPoll, pause } from "./pause.ts";

/** How a server is: `unreachable` where it gives no answer, `unknown` where it does not say. */
export type HealthState = "serving" | "not-serving" | "unreachable" | "unknown";

/** Whose health is asked for. */
export interface HealthOptions extends CallOptions {
  /** Name of a service; by default the server as a whole, which is all that Triton tells apart. */
  readonly service?: string | undefined;
}

/** How to look at a server again and again. */
export interface WatchOptions extends HealthOptions {
  /** Milliseconds between two looks (default 2000). */
  readonly pollMs?: number | undefined;
}

/** What to wait for. */
export interface ReadyOptions extends CallOptions {
  /** Models that must be ready too. */
  readonly models?: readonly string[] | undefined;
  /** Milliseconds between two looks (default 500). */
  readonly pollMs?: number | undefined;
}

/** What a server that is away, or about to go or to come, is to a call. */
const AWAY = ["unreachable", "server-stopping", "server-not-ready", "deadline-exceeded"] as const;

/** Most time that one look may take. */
const LOOK_MS = 5000;

/** Asks by gRPC's own health protocol. */
export async function health(transport: Transport, options: HealthOptions = {}): Promise<HealthState> {
  const { status } = await transport.unary("Check", { service: options.service ?? "" }, options);
  if (status === "SERVING") return "serving";
  return status === "NOT_SERVING" ? "not-serving" : "unknown";
}

/**
 * The health of a server, then every change of it, until the loop is left or the signal aborts. It looks every
 * `pollMs`, as Triton has no call that would tell by itself.
 */
export async function* watchHealth(
  transport: Transport,
  { pollMs = 2000, ...options }: WatchOptions = {},
): AsyncGenerator<HealthState, never, undefined> {
  let last: HealthState | undefined;
  for (;;) {
    const state = await look(transport, options);
    if (state !== last) yield state;
    last = state;
    await pause(checkedPoll(pollMs), options.signal);
  }
}

/** A server that is away is a state, not an error. */
async function look(transport: Transport, options: HealthOptions): Promise<HealthState> {
  try {
    return await health(transport, { deadlineMs: LOOK_MS, ...options });
  } catch (reason) {
    if (AWAY.some((code) => isTriptychError(reason, code))) return "unreachable";
    throw reason;
  }
}

/** Fulfils when the server, and the models named, are ready. */
export async function waitUntilReady(transport: Transport, options: ReadyOptions = {}): Promise<void> {
  const { models = [], deadlineMs = 60_000, signal } = options;
  const pollMs = checkedPoll(options.pollMs ?? 500);
  const until = performance.now() + checkedDeadline(deadlineMs);
  const rest = (): number => Math.max(1, until - performance.now());
  for (let missing: string | undefined; ; ) {
    const found = await notReady(transport, models, { signal, deadlineMs: Math.min(LOOK_MS, rest()) });
    if (found === undefined) return;
    // A look that the end cut short saw nothing: the one before it tells more.
    if (missing === undefined || performance.now() < until) missing = found;
    if (performance.now() >= until) throw notInTime(transport, missing, deadlineMs);
    await pause(Math.min(pollMs, rest()), signal);
  }
}

/** What is not ready yet, in words; undefined if nothing is missing. */
async function notReady(
  transport: Transport,
  models: readonly string[],
  options: CallOptions,
): Promise<string | undefined> {
  try {
    if (!(await transport.unary("ServerReady", {}, options)).ready) return "the server is not ready";
    const ready = await Promise.all(
      models.map(async (name) => (await transport.unary("ModelReady", { name }, options)).ready),
    );
    const missing = models.filter((_, at) => ready[at] !== true);
    return missing.length === 0 ? undefined : `not ready: ${missing.join(", ")}`;
  } catch (reason) {
    const passing = [...AWAY, "model-not-found"] as const;
    if (passing.some((code) => isTriptychError(reason, code))) return (reason as TriptychError).message;
    throw reason;
  }
}

function notInTime({ endpoint }: Transport, missing: string, deadlineMs: number): TriptychError {
  return new TriptychError(
    "deadline-exceeded",
    `${endpoint} was not ready within ${deadlineMs} ms: ${missing}`,
    {
      hint: "See the server's log and studio.server.repositoryIndex(), or give it more time (deadlineMs).",
      details: { endpoint },
    },
  );
}

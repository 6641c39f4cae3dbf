import { pause, throwIfCancelled } from "../errors/index.ts";
import { httpGet } from "./http-get.ts";

export interface ReadinessOptions {
  readonly httpUrl: string;
  /** Name that the server must give itself (its `--id`), so that no other server on the port is taken for it. */
  readonly serverId?: string | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** What else must be true before the server counts as ready. */
  readonly isUp?: (() => boolean) | undefined;
  /** True once waiting has no more sense, since the server has ended. */
  readonly hasEnded?: (() => boolean) | undefined;
}

export type Readiness =
  | { readonly state: "ready" }
  | { readonly state: "late" | "ended"; readonly last: string };

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;
const ANSWER_MS = 5_000;

/** Whether the server's metadata bears the name. */
function hasName(body: string, name: string): boolean {
  const facts: unknown = JSON.parse(body);
  return typeof facts === "object" && facts !== null && "name" in facts && facts.name === name;
}

/** Asks once; undefined when ready, otherwise what was wrong. */
async function ask({ httpUrl, serverId, isUp, signal }: ReadinessOptions): Promise<string | undefined> {
  try {
    const { status } = await httpGet(`${httpUrl}/v2/health/ready`, ANSWER_MS, signal);
    if (status !== 200) return `/v2/health/ready answered ${String(status)}`;
    if (isUp?.() === false) return "it has not opened all its ports";
    if (serverId === undefined) return undefined;
    const { body } = await httpGet(`${httpUrl}/v2`, ANSWER_MS, signal);
    return hasName(body, serverId) ? undefined : "another server answers on its port";
  } catch (error) {
    return error instanceof Error ? error.message || error.name : String(error);
  }
}

/**
 * Polls a server until it is ready, has ended, or is too late.
 *
 * @throws TriptychError `cancelled`.
 */
export async function waitUntilReady(options: ReadinessOptions): Promise<Readiness> {
  const deadline = performance.now() + options.timeoutMs;
  let wait = FIRST_PAUSE_MS;
  for (;;) {
    const last = await ask(options);
    throwIfCancelled(options.signal, "Waiting for Triton");
    if (options.hasEnded?.() === true) return { state: "ended", last: last ?? "it was ready" };
    if (last === undefined) return { state: "ready" };
    if (performance.now() >= deadline) return { state: "late", last };
    await pause(Math.min(wait, Math.max(deadline - performance.now(), 1)), options.signal);
    wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS);
  }
}

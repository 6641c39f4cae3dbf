import { isTriptychError, TriptychError } from "../errors/index.ts";
import type { Contract } from "../model-config/index.ts";
import { checkContract } from "./contract/check.ts";
import type { Middleware } from "./observe/middleware.ts";
import { observed } from "./observe/observed.ts";
import { type CallOptions, checkedDeadline } from "./options.ts";
import { recording } from "./recorder/recording.ts";
import type { Session } from "./recorder/session.ts";
import { createOpenStudio, createStudio, type OpenStudio, type Studio } from "./studio.ts";
import { openTransport, type Transport, type TransportOptions } from "./transport/transport.ts";

const DEFAULT_CONNECT_MS = 5000;

/** How to connect to any server. */
export interface OpenOptions extends TransportOptions {
  /** Most time connecting may take, in milliseconds; 5 seconds by default. Calls have their own. */
  readonly deadlineMs?: number | undefined;
  /** Cancels connecting; it has no hold on the studio. */
  readonly signal?: AbortSignal | undefined;
  /** Notes every call, to be played again without a server. */
  readonly record?: Session | undefined;
  /** Code around every call, those of connecting included; the first is the outermost. */
  readonly use?: readonly Middleware[] | undefined;
}

/** How to connect to a server that serves what a contract says. */
export interface ConnectOptions<C extends Contract> extends OpenOptions {
  /** What the server should serve: the module that was rendered from the plan, or a literal. */
  readonly contract: C;
  /** True to go on without comparing the contract with the server's models. */
  readonly skipContractCheck?: boolean | undefined;
}

/** What a studio is made with, whatever is behind it. */
export type StudioOptions = Pick<OpenOptions, "use" | "signal"> & Partial<ConnectOptions<Contract>>;

/**
 * Connects to a Triton server, once it has shown that it is ready and serves what the contract says. Without a
 * contract, its models are there by name, each asked of the server when it is first called.
 *
 * @param endpoint - Host and gRPC port, such as `127.0.0.1:8001`.
 * @throws TriptychError `unreachable` if there is no answer or the server is not ready;
 * `contract-mismatch` with every difference; `usage` for a contract that is none; `request-invalid` for an option.
 */
export async function connect<const C extends Contract>(
  endpoint: string,
  options: ConnectOptions<C>,
): Promise<Studio<C>>;
export async function connect(endpoint: string, options?: OpenOptions): Promise<OpenStudio>;
export async function connect(
  endpoint: string,
  options: OpenOptions & Partial<ConnectOptions<Contract>> = {},
): Promise<OpenStudio> {
  requireContract(options);
  const until = Date.now() + checkedDeadline(options.deadlineMs ?? DEFAULT_CONNECT_MS);
  const transport = await openTransport(endpoint, options);
  return studioOver(recording(transport, options.record), options, until);
}

/**
 * The studio over a transport, once what is behind it has shown that it is ready and serves what the contract says.
 * `until` is when that has to be done.
 */
export async function studioOver(
  base: Transport,
  options: StudioOptions,
  until = Date.now() + DEFAULT_CONNECT_MS,
): Promise<OpenStudio> {
  const { contract } = options;
  const transport = observed(base, options.use);
  const rest = (): CallOptions => ({ signal: options.signal, deadlineMs: Math.max(1, until - Date.now()) });
  try {
    await checkReady(transport, rest());
    if (contract === undefined) return createOpenStudio(transport);
    if (options.skipContractCheck !== true) await checkContract(transport, contract, rest());
    return createStudio(transport, contract);
  } catch (reason) {
    await transport.close();
    throw isTriptychError(reason, "deadline-exceeded") ? noAnswer(transport.endpoint, reason) : reason;
  }
}

/** One that was to be imported and is undefined is a mistake, not a wish for a studio without types. */
function requireContract(options: object): void {
  if (!("contract" in options)) return;
  const parts = options.contract as Partial<Contract> | null | undefined;
  if (typeof parts?.models === "object" && typeof parts.variants === "object") return;
  throw new TriptychError("usage", "connect: expected { contract }, with the module rendered from a spec.", {
    hint: "Import it from contract.gen.ts, which `triptych repository` writes.",
  });
}

async function checkReady(transport: Transport, options: CallOptions): Promise<void> {
  const { ready } = await transport.unary("ServerReady", {}, options);
  if (ready) return;
  const { endpoint } = transport;
  throw new TriptychError("unreachable", `${endpoint} answers, but is not ready to serve.`, {
    hint: "Wait until its models are loaded; its log tells if one of them failed.",
    details: { endpoint },
  });
}

function noAnswer(endpoint: string, cause: TriptychError): TriptychError {
  return new TriptychError("unreachable", `Cannot reach ${endpoint}: it did not answer in time.`, {
    hint: "Check the address and that nothing on the way drops the connection, or raise deadlineMs.",
    details: cause.details,
    cause,
  });
}

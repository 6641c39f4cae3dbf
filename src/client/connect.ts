import { isTriptychError, TriptychError } from "../errors/index.ts";
import { type Contract, requireConsistent } from "../model-config/index.ts";
import { checkEndpoints, checkMiddlewares } from "./check-connect.ts";
import { checkContract } from "./contract/check.ts";
import type { Middleware } from "./observe/middleware.ts";
import { type ObservedTransport, observed } from "./observe/observed.ts";
import { type CallOptions, checkedDeadline } from "./options.ts";
import type { Session } from "./recorder/session.ts";
import { type Connection, withSharedMemory } from "./shared-memory/open.ts";
import type { SharedMemoryOptions } from "./shared-memory/types.ts";
import { givenOptions } from "./shown.ts";
import { createOpenStudio, createStudio, type OpenStudio, type Studio } from "./studio.ts";
import { checkSecrecy } from "./transport/address.ts";
import type { TransportOptions } from "./transport/open.ts";
import { checkReady, type Verify } from "./transport/pool/probe.ts";

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
  /**
   * True, or how, for large tensors to go by the memory of the machine that client and server run on. Where they have
   * none in common they go over the connection, and `studio.sharedMemory.reason` says why.
   */
  readonly sharedMemory?: boolean | SharedMemoryOptions | undefined;
}

/** How to connect to a server that serves what a contract says. */
export interface ConnectOptions<C extends Contract> extends OpenOptions {
  /** What the server should serve: the module that was rendered from the plan, or a literal. */
  readonly contract: C;
  /** True to go on without comparing the contract with the server's models. */
  readonly skipContractCheck?: boolean | undefined;
}

/**
 * Connects to a Triton server, once it has shown that it is ready and serves what the contract says. Without a
 * contract, its models are there by name, each asked of the server when it is first called. Several servers are used as
 * one: each call goes to the least busy of those that are well.
 *
 * @param endpoints - Host and gRPC port, such as `127.0.0.1:8001`; a list of these; or `dns:///host:port`, for every
 * address that the name has.
 * @throws TriptychError `unreachable` if there is no answer; `server-not-ready`; `access-denied`;
 * `deadline-exceeded` where something of your own (a token, a middleware, a name service) took all the time;
 * `contract-mismatch` with every difference; `usage` for a contract that is none or contradicts itself; `request-invalid` for an option;
 * `shared-memory-unavailable` where shared memory is required.
 *
 * @example
 * ```ts
 * import { connect, tensor } from "triptych-sdk/client";
 *
 * await using studio = await connect("127.0.0.1:8001");
 * const { outputs } = await studio.model("tokenizer").infer({ PROMPT: tensor("BYTES", [1], ["a red circle moves right"]) });
 * console.log(outputs["TOKEN_IDS"]?.shape);
 * ```
 */
export async function connect<const C extends Contract>(
  endpoints: string | readonly string[],
  options: ConnectOptions<C>,
): Promise<Studio<C>>;
export async function connect(
  endpoints: string | readonly string[],
  options?: OpenOptions,
): Promise<OpenStudio>;
export async function connect(
  endpoints: string | readonly string[],
  options: OpenOptions & Partial<ConnectOptions<Contract>> = {},
): Promise<OpenStudio> {
  checkEndpoints(endpoints);
  givenOptions(options);
  requireContract(options);
  checkMiddlewares(options.use);
  for (const { confidential, name = "a middleware" } of options.use ?? [])
    if (confidential === true) checkSecrecy(endpoints, options, name, "its own options may allow that");
  const deadlineMs = checkedDeadline(options.deadlineMs ?? DEFAULT_CONNECT_MS);
  // The gRPC library takes most of a start: whoever never connects need not load it, and no server is waited for yet.
  const { openTransport } = await import("./transport/open.ts");
  const until = performance.now() + deadlineMs;
  const connection = withSharedMemory(await openTransport(endpoints, options), options.sharedMemory);
  return studioOver(connection, options, until);
}

/** What a studio is made with, whatever it stands on. */
export type StudioOptions = Pick<OpenOptions, "use" | "record" | "signal"> &
  Partial<ConnectOptions<Contract>>;

/** The studio over servers, once they have shown that they are ready and serve what the contract says; by `until`. */
export async function studioOver(
  connection: Connection,
  options: StudioOptions,
  until: number,
): Promise<OpenStudio> {
  const { contract } = options;
  const { pool, sharedMemory } = connection;
  const transport = observed(connection.transport, options);
  const rest = (): CallOptions => ({
    signal: options.signal,
    deadlineMs: Math.max(1, until - performance.now()),
  });
  try {
    await pool.start(verifier(options, transport), rest);
    await sharedMemory.start(rest());
    const parts = { pool, sharedMemory, transport };
    return contract === undefined ? createOpenStudio(parts) : createStudio(parts, contract);
  } catch (reason) {
    await transport.close();
    throw isTriptychError(reason, "deadline-exceeded") ? noAnswer(pool.endpoint, reason) : reason;
  }
}

/** What each server is held to, now and whenever it comes back after it was away. */
function verifier(
  { contract, skipContractCheck }: Partial<ConnectOptions<Contract>>,
  transport: ObservedTransport,
): Verify {
  return async (view, options) => {
    const endpoint = transport.around(view);
    await checkReady(endpoint, options);
    if (contract !== undefined && skipContractCheck !== true)
      await checkContract(endpoint, contract, options);
  };
}

/** One that was to be imported and is undefined is a mistake, not a wish for a studio without types. */
function requireContract(options: object): void {
  if (!("contract" in options)) return;
  const parts = options.contract as Partial<Contract> | null | undefined;
  if (typeof parts?.models === "object" && typeof parts.variants === "object") {
    requireConsistent(parts as Contract, "connect: the contract");
    return;
  }
  throw new TriptychError("usage", "connect: expected { contract }, with the module rendered from a spec.", {
    hint: "Import it from contract.gen.ts, which `triptych repository` writes.",
  });
}

function noAnswer(endpoint: string, cause: TriptychError): TriptychError {
  // Without a status it was no server that did not answer, and the message says what it was.
  if (cause.details.grpcStatus === undefined)
    return new TriptychError("deadline-exceeded", `Connecting to ${endpoint}: ${cause.message}`, {
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      details: { endpoint },
      cause,
    });
  return new TriptychError("unreachable", `Cannot reach ${endpoint}: it did not answer in time.`, {
    hint: "Check the address and that nothing on the way drops the connection, or raise deadlineMs.",
    details: cause.details,
    cause,
  });
}

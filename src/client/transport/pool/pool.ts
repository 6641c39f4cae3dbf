import type { Client } from "@grpc/grpc-js";
import { TriptychError } from "../../../errors/index.ts";
import type { CallOptions } from "../../options.ts";
import type { Endpoint, EndpointCall, EndpointState } from "./endpoint.ts";
import { allFailed, firstLooks } from "./first-looks.ts";
import { Members } from "./members.ts";
import { Monitor } from "./monitor.ts";
import type { EndpointView, Verify } from "./probe.ts";
import type { Address, Lookup, Targets } from "./targets.ts";

/** How several servers are used as one. */
export interface PoolOptions {
  /** How often each of several servers is asked whether it is ready, in milliseconds; every 2 seconds by default. */
  readonly healthIntervalMs?: number | undefined;
  /** How often the name of a `dns:///` endpoint is looked up again, in milliseconds; every 30 seconds by default. */
  readonly lookupIntervalMs?: number | undefined;
  /** Finds the addresses of such a name; the system's resolver by default. */
  readonly lookup?: Lookup | undefined;
}

/** What a pool needs of the transport that it belongs to. */
export interface PoolHost {
  open(address: Address): Client;
  /** A call that may be sent now. */
  admit(options: CallOptions): Promise<EndpointCall>;
}

/** The servers of a connection, and which of them gets a call. */
export class Pool {
  readonly #targets: Targets;
  readonly #host: PoolHost;
  readonly #monitor: Monitor;
  readonly #members: Members;
  readonly #lookupMs: number;
  #lookupTimer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @throws TriptychError `request-invalid` for numbers that cannot hold. */
  constructor(targets: Targets, host: PoolHost, options: PoolOptions) {
    this.#targets = targets;
    this.#host = host;
    this.#lookupMs = checkedInterval("lookupIntervalMs", options.lookupIntervalMs ?? 30_000);
    const healthMs = checkedInterval("healthIntervalMs", options.healthIntervalMs ?? 2000);
    this.#monitor = new Monitor(healthMs, (endpoint) => this.#viewOf(endpoint));
    this.#members = new Members((address) => host.open(address), this.#monitor);
  }

  get states(): EndpointState[] {
    return this.#members.all.map(({ state }) => state);
  }

  /** Finds the servers and looks at each; throws where none can be used. */
  async start(found: readonly Address[], verify: Verify, options: () => CallOptions): Promise<void> {
    this.#monitor.verify = verify;
    for (const address of found) this.#members.add(address);
    const { all } = this.#members;
    const failures = await firstLooks(all.map((endpoint) => this.#monitor.look(endpoint, options())));
    if (failures !== undefined) throw allFailed(this.#targets.label, failures);
    // One server alone is not looked at: there is no other to turn to, and its calls tell how it is.
    if (all.length > 1 || this.#targets.changes) for (const endpoint of all) this.#monitor.watch(endpoint);
    if (this.#targets.changes) this.#lookUpLater();
  }

  /** The server for a call: the least busy of those that are ready and were not tried for it. */
  pick(tried: ReadonlySet<Endpoint>): Endpoint {
    const [only] = this.#members.all;
    if (this.#members.all.length === 1 && only !== undefined && only.health.status !== "draining")
      return only;
    const open = this.#members.all.filter(({ health }) => health.status !== "draining");
    const usable = open.filter(takesCalls);
    const isNew = (endpoint: Endpoint): boolean => !tried.has(endpoint);
    // Where none is known to be well, one is tried all the same: that finds out soonest.
    const choices = [usable.filter(isNew), usable, open.filter(isNew), open];
    const endpoint = leastBusy(choices.find((list) => list.length > 0) ?? []);
    if (endpoint === undefined) throw noneLeft(this.#targets.label);
    return endpoint;
  }

  /** True where a server is ready that was not tried. */
  hasOther(tried: ReadonlySet<Endpoint>): boolean {
    return this.#members.all.some((endpoint) => !tried.has(endpoint) && takesCalls(endpoint));
  }

  /** Has a server looked at now, if it is looked at at all. */
  suspect(endpoint: Endpoint): void {
    this.#monitor.hurry(endpoint);
  }

  /** Sends a server no more calls, waits for those that run as long as `patience` does, and closes the connection. */
  async drain(address: string, patience: Promise<void>): Promise<void> {
    const endpoint = this.#members.all.find((one) => one.address === address);
    if (endpoint === undefined) throw unknownEndpoint(address, this.states);
    await this.#members.remove(endpoint, drained(endpoint), patience);
  }

  async close(reason: TriptychError): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#lookupTimer);
    this.#monitor.stop();
    await this.#members.close(reason);
  }

  #viewOf(endpoint: Endpoint): EndpointView {
    return {
      endpoint: endpoint.address,
      unary: async (rpc, request, call = {}) => endpoint.probe(rpc, request, await this.#host.admit(call)),
    };
  }

  #lookUpLater(): void {
    if (this.#closed) return;
    this.#lookupTimer = setTimeout(() => {
      void this.#lookUp();
    }, this.#lookupMs).unref();
  }

  async #lookUp(): Promise<void> {
    try {
      const found = await this.#targets.resolve();
      if (!this.#closed) this.#members.follow(found, drained);
    } catch {
      // A name service that is away changes nothing.
    }
    this.#lookUpLater();
  }
}

function takesCalls({ health, inFlight }: Endpoint): boolean {
  return health.status === "ready" || (health.status === "trial" && inFlight === 0);
}

function leastBusy(endpoints: readonly Endpoint[]): Endpoint | undefined {
  const least = Math.min(...endpoints.map(({ inFlight }) => inFlight));
  const idlest = endpoints.filter(({ inFlight }) => inFlight === least);
  return idlest[Math.floor(Math.random() * idlest.length)];
}

function checkedInterval(name: string, ms: number): number {
  if (Number.isFinite(ms) && ms >= 10 && ms < 2 ** 31) return ms;
  throw new TriptychError("request-invalid", `pool.${name}: expected 10 or more, got ${ms}.`, {
    hint: "Give the milliseconds between two looks.",
  });
}

function noneLeft(label: string): TriptychError {
  return new TriptychError("unreachable", `Cannot reach ${label}: all its servers are drained.`, {
    hint: "Connect anew.",
    details: { endpoint: label },
  });
}

function drained({ address }: Endpoint): TriptychError {
  return new TriptychError(
    "cancelled",
    `${address} was drained, and the call did not end in the time it had.`,
    {
      hint: "Send it again, or give a drain more time.",
      details: { endpoint: address },
    },
  );
}

function unknownEndpoint(address: string, states: readonly EndpointState[]): TriptychError {
  const known = states.map(({ endpoint }) => endpoint).join(", ");
  return new TriptychError(
    "request-invalid",
    `drain: expected one of ${known}, got ${JSON.stringify(address)}.`,
    {
      hint: "Take the name from studio.endpoints().",
    },
  );
}

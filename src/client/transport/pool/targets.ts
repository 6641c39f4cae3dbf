import { lookup } from "node:dns/promises";
import { TriptychError } from "../../../errors/index.ts";
import { checkEndpoint } from "../address.ts";

/** Gives the addresses of a host, such as a name service of your own does. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** What a connection goes to: addresses, and names that are looked up again from time to time. */
export interface Targets {
  /** As it was given, for messages. */
  readonly label: string;
  readonly all: readonly string[];
  /** True where a name may stand for other addresses later. */
  readonly changes: boolean;
  /** Addresses now, each once. */
  resolve(): Promise<readonly Address[]>;
}

/** Where one server is. */
export interface Address {
  readonly address: string;
  /** The name it was found by, which its certificate has. */
  readonly name?: string;
}

/**
 * Reads what was given to connect to.
 *
 * @throws TriptychError `unreachable` for what is no endpoint, `usage` for none at all.
 */
export function readTargets(endpoints: string | readonly string[], find: Lookup = systemLookup): Targets {
  const all = typeof endpoints === "string" ? [endpoints] : [...endpoints];
  if (all.length === 0) {
    throw new TriptychError("usage", "connect: expected at least one endpoint, got none.", {
      hint: 'Name the servers, such as ["gpu1:8001", "gpu2:8001"].',
    });
  }
  for (const endpoint of all) checkEndpoint(endpoint);
  const names = all.map(nameOf);
  return {
    label: all.join(","),
    all,
    changes: names.some((name) => name !== undefined),
    resolve: async () =>
      unique((await Promise.all(all.map((one, at) => addressesOf(one, names[at], find)))).flat()),
  };
}

interface Name {
  readonly host: string;
  readonly port: string;
}

/** Only names that are marked as such are looked up here; others are left to gRPC, as one endpoint. */
function nameOf(endpoint: string): Name | undefined {
  const [, host, port = "443"] = /^dns:(?:\/\/\/)?([^/:]+)(?::(\d{1,5}))?$/.exec(endpoint) ?? [];
  return host === undefined ? undefined : { host, port };
}

async function addressesOf(endpoint: string, name: Name | undefined, find: Lookup): Promise<Address[]> {
  if (name === undefined) return [{ address: endpoint }];
  const { host, port } = name;
  const found = await find(host).catch((cause: unknown) => {
    throw unresolved(endpoint, cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (found.length === 0) throw unresolved(endpoint, "the name has no addresses");
  return found.map((ip) => ({ address: ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`, name: host }));
}

function unresolved(endpoint: string, reason: string, cause?: unknown): TriptychError {
  return new TriptychError("unreachable", `Cannot reach ${endpoint}: ${reason}.`, {
    hint: "Check the name and the name service of this machine.",
    details: { endpoint, accepted: false },
    ...(cause === undefined ? {} : { cause }),
  });
}

async function systemLookup(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function unique(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map((one) => [one.address, one])).values()];
}

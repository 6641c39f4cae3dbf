import { BlockList, isIP, isIPv6 } from "node:net";
import { TriptychError } from "../../errors/index.ts";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** True for an endpoint on this machine, which no proxy could reach for us. */
export function isLoopback(endpoint: string): boolean {
  if (endpoint.startsWith("unix:")) return true;
  // gRPC's own forms, of which two take several addresses.
  const addresses = endpoint.replace(/^dns:(\/\/\/)?|^ipv[46]:/, "").split(",");
  return addresses.every((address) => isLoopbackHost(hostOf(address)));
}

/** A name that only begins like an address, such as 127.0.0.1.example.com, is somebody else's machine. */
function isLoopbackHost(host: string): boolean {
  if (isIP(host) === 0) return host === "localhost";
  return LOOPBACK.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}

function hostOf(address: string): string {
  const [, bracketed, plain = ""] = /^(?:\[(.*)\]|([^:]*))(?::\d+)?$/.exec(address) ?? [];
  return bracketed ?? plain;
}

/** @throws TriptychError `unreachable` for what is no endpoint. */
export function checkEndpoint(endpoint: string): void {
  const hasPort = /^([^:]*|\[.*\]):\d{1,5}$/.test(endpoint);
  if (hasPort || /^(unix|dns|ipv4|ipv6):/.test(endpoint)) return;
  throw new TriptychError("unreachable", `Cannot reach "${endpoint}": an endpoint is written host:port.`, {
    hint: 'Leave out the scheme, name the gRPC port, such as "127.0.0.1:8001" or "[::1]:8001".',
    details: { endpoint },
  });
}

/**
 * Throws where something secret would go to another machine unencrypted.
 *
 * @param what - Who would send it.
 * @param hint - What to do where something else encrypts the way.
 */
export function checkSecrecy(
  endpoints: string | readonly string[],
  options: { readonly tls?: object | undefined },
  what: string,
  hint: string,
): void {
  const exposed = [endpoints].flat().find((endpoint) => !isLoopback(endpoint));
  if (options.tls !== undefined || exposed === undefined) return;
  throw new TriptychError("request-invalid", `${what}: ${exposed} would get it unencrypted.`, {
    hint: `Connect with \`tls: {}\`. Where something else encrypts, ${hint}.`,
  });
}

import { TriptychError } from "../../errors/index.ts";

/** True for an endpoint on this machine, which no proxy could reach for us. */
export function isLoopback(endpoint: string): boolean {
  const address = endpoint.replace(/^(dns|ipv4|ipv6):\/*/, "");
  return /^(localhost:|127\.|\[::1\]|unix:)/.test(address);
}

/** @throws TriptychError `unreachable` for what is no endpoint. */
export function checkEndpoint(endpoint: string): void {
  const hasPort = /:\d{1,5}$/.test(endpoint) && !/^\w+:\/\/[^/]/.test(endpoint);
  if (hasPort || /^(unix|dns|ipv4|ipv6):/.test(endpoint)) return;
  throw new TriptychError("unreachable", `Cannot reach "${endpoint}": an endpoint is written host:port.`, {
    hint: 'Leave out the scheme, name the gRPC port, such as "127.0.0.1:8001".',
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

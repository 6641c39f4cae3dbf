import { checkSecrecy } from "./address.ts";
import { type ChannelOptions, channelOptions, openChannel } from "./channel.ts";
import { CallHeaders, type HeaderOptions } from "./headers.ts";
import { Admission, type AdmissionOptions } from "./pool/admission.ts";
import type { PoolOptions } from "./pool/pool.ts";
import { Retries, type RetryOptions } from "./pool/retry.ts";
import { type Address, readTargets } from "./pool/targets.ts";
import { PooledTransport } from "./pooled-transport.ts";
import { openSecurity } from "./tls.ts";

/** How a transport's connections are made and used, and what their calls carry. */
export interface TransportOptions extends ChannelOptions, HeaderOptions, AdmissionOptions {
  /** When a call is tried again: only where no server took it up, or where it only asks; `false` is never. */
  readonly retry?: RetryOptions | false | undefined;
  /** How several servers are used as one. */
  readonly pool?: PoolOptions | undefined;
}

/**
 * A transport to one or more servers. Nothing is sent before it is started.
 *
 * @throws TriptychError `unreachable` for what is no endpoint, `request-invalid` for options that cannot hold.
 */
export async function openTransport(
  endpoints: string | readonly string[],
  options: TransportOptions = {},
): Promise<PooledTransport> {
  const targets = readTargets(endpoints, options.pool?.lookup);
  // A bearer token is as good as a password.
  if (options.token !== undefined)
    checkSecrecy(targets.all, options, "token", "give it as `headers: { authorization: … }`");
  const headers = new CallHeaders(options);
  const retries = new Retries(options.retry);
  const admission = new Admission(options);
  channelOptions("", options);
  const security = await openSecurity(options.tls);
  return new PooledTransport({
    targets,
    headers,
    retries,
    admission,
    pool: options.pool ?? {},
    open: ({ address, name }: Address) => openChannel(address, security, named(options, name)),
    stop: () => {
      security.stop();
    },
  });
}

/** A server that was found by a name has its certificate for that. */
function named(options: ChannelOptions, name: string | undefined): ChannelOptions {
  if (name === undefined || options.tls === undefined || options.tls.serverName !== undefined) return options;
  return { ...options, tls: { ...options.tls, serverName: name } };
}

import { Client, type ClientOptions, credentials as grpcCredentials } from "@grpc/grpc-js";
import { TriptychError } from "../../errors/index.ts";

const MEBIBYTE = 1024 * 1024;

/** What proves who is who on an encrypted connection; PEM text as bytes. */
export interface TlsCredentials {
  /** Authorities to trust; the system's by default. */
  readonly rootCertificates?: Uint8Array | undefined;
  /** With `certificateChain`: shows the server who the client is. */
  readonly privateKey?: Uint8Array | undefined;
  readonly certificateChain?: Uint8Array | undefined;
}

/** Opens a channel. Nothing is sent before the first call. */
export function openChannel(endpoint: string, tls?: TlsCredentials): Client {
  checkEndpoint(endpoint);
  const security = tls === undefined ? grpcCredentials.createInsecure() : secure(tls);
  return new Client(endpoint, security, channelOptions(endpoint));
}

/** No keepalive: unless told otherwise, a server drops clients that ping more often than every 5 minutes. */
export function channelOptions(endpoint: string): ClientOptions {
  return {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc-node.flow_control_window": 16 * MEBIBYTE,
    // Own connections: a new studio does not inherit another's back-off from a dead endpoint.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.service_config_disable_resolution": 1,
    ...(isLoopback(endpoint) ? { "grpc.enable_http_proxy": 0 } : {}),
  };
}

/** True for an endpoint on this machine, which no proxy could reach for us. */
export function isLoopback(endpoint: string): boolean {
  const address = endpoint.replace(/^(dns|ipv4|ipv6):\/*/, "");
  return /^(localhost:|127\.|\[::1\]|unix:)/.test(address);
}

function checkEndpoint(endpoint: string): void {
  const hasPort = /:\d{1,5}$/.test(endpoint) && !/^\w+:\/\/[^/]/.test(endpoint);
  if (hasPort || /^(unix|dns|ipv4|ipv6):/.test(endpoint)) return;
  throw new TriptychError("unreachable", `Cannot reach "${endpoint}": an endpoint is written host:port.`, {
    hint: 'Leave out the scheme, name the gRPC port, such as "127.0.0.1:8001".',
    details: { endpoint },
  });
}

function secure(tls: TlsCredentials): ReturnType<typeof grpcCredentials.createSsl> {
  const { rootCertificates, privateKey, certificateChain } = tls;
  try {
    return grpcCredentials.createSsl(pem(rootCertificates), pem(privateKey), pem(certificateChain));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TriptychError("request-invalid", `credentials: ${reason}.`, {
      hint: "Give PEM files as bytes; a private key goes with its certificate chain.",
      cause,
    });
  }
}

function pem(bytes: Uint8Array | undefined): Buffer | null {
  return bytes === undefined ? null : Buffer.from(bytes);
}

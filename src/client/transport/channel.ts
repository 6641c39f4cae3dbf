import { Client, type ClientOptions } from "@grpc/grpc-js";
import { TriptychError } from "../../errors/index.ts";
import { isLoopback } from "./address.ts";
import { type Compression, compressionOptions, keepPacking } from "./compression.ts";
import type { Security, TlsOptions } from "./tls.ts";

const MEBIBYTE = 1024 * 1024;
const KEEPALIVE_TIMEOUT_MS = 20_000;

/** More than this fits no message of Triton's. */
const MOST_BYTES = 2 ** 31 - 1;

/** How often a silent call's connection is tried, so that a dead one is noticed. */
export interface KeepaliveOptions {
  /** Milliseconds of silence before a ping. A server may take frequent pings for an attack: see {@link ChannelOptions.keepalive}. */
  readonly timeMs: number;
  /** Milliseconds to wait for its answer; 20 seconds by default. */
  readonly timeoutMs?: number | undefined;
}

/** How a connection is made and kept. */
export interface ChannelOptions {
  /** For an encrypted connection, `{}` with all defaults; without it the connection is plain. */
  readonly tls?: TlsOptions | undefined;
  /**
   * Pings while a call runs; none by default, since a server that was not told to accept them drops the connection
   * (Triton's default is one ping in 5 minutes). `true` is every minute, for a server that Triptych started or that
   * has the same `--grpc-http2-min-recv-ping-interval-without-data=30000`.
   */
  readonly keepalive?: boolean | KeepaliveOptions | undefined;
  /** Largest answer that is taken, in bytes; by default 2 GiB, the most that Triton can send. */
  readonly maxResponseBytes?: number | undefined;
  /**
   * Packs every request; none by default. Worth it for tensors with much that repeats over a slow network: it costs
   * processor time at both ends, and noise, such as latents, hardly shrinks. Answers are packed if the server was started with
   * `--grpc-infer-response-compression-level`, whatever is said here.
   */
  readonly compression?: Compression | undefined;
}

/** Opens a channel. Nothing is sent before the first call. */
export function openChannel(endpoint: string, security: Security, options: ChannelOptions = {}): Client {
  const client = new Client(endpoint, security.credentials, channelOptions(endpoint, options));
  if (options.compression !== undefined) keepPacking(client);
  return client;
}

/**
 * The options in gRPC's own words.
 *
 * @throws TriptychError `request-invalid` for a number that is none.
 */
export function channelOptions(endpoint: string, options: ChannelOptions = {}): ClientOptions {
  const { tls, maxResponseBytes = MOST_BYTES } = options;
  return {
    "grpc.max_receive_message_length": checkedNumber("maxResponseBytes", maxResponseBytes, 1),
    "grpc.max_send_message_length": -1,
    // With 16 MiB, answers of 64 and 224 MB took a quarter longer from 10 ms away; 64 MiB gained nothing over 32.
    "grpc-node.flow_control_window": 32 * MEBIBYTE,
    // Own connections: a new studio does not inherit another's back-off from a dead endpoint.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.service_config_disable_resolution": 1,
    // A server that comes back is found within seconds; the library's own back-off grows to two minutes.
    "grpc.initial_reconnect_backoff_ms": 200,
    "grpc.max_reconnect_backoff_ms": 5000,
    ...(isLoopback(endpoint) ? { "grpc.enable_http_proxy": 0 } : {}),
    ...(tls?.serverName === undefined ? {} : { "grpc.ssl_target_name_override": tls.serverName }),
    ...keepaliveOptions(options.keepalive),
    ...compressionOptions(options.compression),
  };
}

function keepaliveOptions(keepalive: boolean | KeepaliveOptions | undefined): ClientOptions {
  if (keepalive === undefined || keepalive === false) return {};
  const { timeMs, timeoutMs = KEEPALIVE_TIMEOUT_MS } = keepalive === true ? { timeMs: 60_000 } : keepalive;
  return {
    "grpc.keepalive_time_ms": checkedNumber("keepalive.timeMs", timeMs, 1000),
    "grpc.keepalive_timeout_ms": checkedNumber("keepalive.timeoutMs", timeoutMs, 100),
  };
}

function checkedNumber(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= MOST_BYTES) return value;
  throw new TriptychError("request-invalid", `${name}: expected ${least} to ${MOST_BYTES}, got ${value}.`, {
    hint: "Give a whole number in that range, or leave the option out.",
  });
}

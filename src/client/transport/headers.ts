import { Metadata } from "@grpc/grpc-js";
import { TriptychError } from "../../errors/index.ts";
import { checkedToken } from "./token.ts";

/** Headers of calls by name: text, or bytes for a name that ends in `-bin`. */
export type HeaderValues = Readonly<Record<string, string | Uint8Array>>;

/** What every call of a connection carries. */
export interface HeaderOptions {
  /** Sent with every call; a function is asked for them before each. */
  readonly headers?: HeaderValues | (() => HeaderValues | Promise<HeaderValues>) | undefined;
  /** Sent as `authorization: Bearer …`, on an encrypted connection or to this machine only; a function is asked before each call. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Keys of Triton's restricted protocols (`--grpc-restricted-protocol`): name without its prefix, and value. */
  readonly protocolKeys?: Readonly<Record<string, string>> | undefined;
}

/** Names that gRPC and HTTP/2 write themselves. */
const RESERVED =
  /^(grpc-.*|:.*|connection|content-type|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|user-agent|content-length)$/;

/** gRPC servers refuse, at random from the half on, calls whose headers are larger than this. */
const MOST_BYTES = 8192;

/** The headers of a connection's calls. */
export class CallHeaders {
  readonly #fixed: HeaderValues;
  readonly #alone: Metadata;
  readonly #headers: (() => HeaderValues | Promise<HeaderValues>) | undefined;
  readonly #token: (() => string | Promise<string>) | undefined;

  /** The functions that a call waits for before it is sent, for messages. */
  get sources(): string {
    const names = [
      this.#headers === undefined ? [] : "`headers`",
      this.#token === undefined ? [] : "`token`",
    ].flat();
    return `what the function${names.length === 1 ? "" : "s"} ${names.join(" and ")} give${names.length === 1 ? "s" : ""}`;
  }

  /** @throws TriptychError `request-invalid` for a name or a value that cannot be sent. */
  constructor({ headers = {}, token, protocolKeys = {} }: HeaderOptions) {
    const keys = Object.entries(protocolKeys).map(([key, value]) => [`triton-grpc-protocol-${key}`, value]);
    this.#fixed = {
      ...(typeof headers === "function" ? {} : headers),
      ...(typeof token === "string" ? bearer(token) : {}),
      ...(Object.fromEntries(keys) as HeaderValues),
    };
    this.#headers = typeof headers === "function" ? headers : undefined;
    this.#token = typeof token === "function" ? token : undefined;
    this.#alone = toMetadata(this.#fixed);
  }

  /** The headers of one call, its own last: they replace those of the connection. */
  of(own?: HeaderValues): Metadata | Promise<Metadata> {
    if (this.#headers !== undefined || this.#token !== undefined) return this.#ask(own ?? {});
    // The library copies what it sends.
    return own === undefined ? this.#alone : toMetadata({ ...this.#fixed, ...own });
  }

  async #ask(own: HeaderValues): Promise<Metadata> {
    const asked = this.#headers === undefined ? {} : await answerOf("headers", this.#headers);
    const token = this.#token === undefined ? {} : bearer(await answerOf("token", this.#token));
    return toMetadata({ ...this.#fixed, ...asked, ...token, ...own });
  }
}

function bearer(token: string): HeaderValues {
  return { authorization: `Bearer ${checkedToken(token)}` };
}

async function answerOf<T>(name: string, source: () => T | Promise<T>): Promise<T> {
  try {
    return await source();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TriptychError("request-invalid", `${name}: the function that gives them failed: ${reason}.`, {
      hint: "Nothing was sent. See why the function fails.",
      cause,
    });
  }
}

function toMetadata(values: HeaderValues): Metadata {
  const metadata = new Metadata();
  let bytes = 0;
  for (const [given, value] of Object.entries(values)) {
    const name = given.toLowerCase();
    checkHeader(name, value);
    metadata.set(name, typeof value === "string" ? value : Buffer.from(value));
    bytes += name.length + value.length + 32; // as HTTP/2 counts
  }
  if (bytes > MOST_BYTES) throw invalid("headers", `expected at most ${MOST_BYTES} bytes, got ${bytes}`);
  return metadata;
}

/** Says which header, and never what is in it: that may be a secret. */
function checkHeader(name: string, value: unknown): void {
  const shown = `header ${JSON.stringify(name)}`;
  if (!/^[0-9a-z_.-]+$/.test(name))
    throw invalid(shown, "expected a name of letters, digits, '-', '_' and '.'");
  if (RESERVED.test(name)) throw invalid(shown, "is written by gRPC itself");
  if (typeof value !== "string" && !(value instanceof Uint8Array)) throw invalid(shown, "expected text");
  if (name.endsWith("-bin") !== value instanceof Uint8Array)
    throw invalid(shown, "expected bytes where the name ends in -bin, text where not");
  if (typeof value === "string" && !/^[\u0021-\u007E]([\u0020-\u007E]*[\u0021-\u007E])?$/.test(value))
    throw invalid(shown, "expected printable ASCII text, not empty and without spaces around it");
}

function invalid(what: string, problem: string): TriptychError {
  return new TriptychError("request-invalid", `${what}: ${problem}.`, {
    hint: "Nothing was sent. Change the header, or encode its value and end its name in -bin.",
  });
}

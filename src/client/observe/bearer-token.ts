import { isTriptychError } from "../../errors/index.ts";
import { checkedToken } from "../transport/token.ts";
import type { Answer, Call, Middleware } from "./middleware.ts";

/** A token, and until when it is good. */
export interface Token {
  readonly token: string;
  /** In milliseconds since 1970; without it, the token is kept until a server refuses it. */
  readonly expiresAtMs?: number | undefined;
}

/** How tokens are asked for and sent. */
export interface BearerTokenOptions {
  /** The header that carries it; `authorization` by default, with the word `Bearer` before the token. */
  readonly header?: string | undefined;
  /** How long before its end a token is replaced, in milliseconds; a minute by default. */
  readonly earlyMs?: number | undefined;
  /** True to send it unencrypted to another machine too, where something else keeps the way there private. */
  readonly allowPlain?: boolean | undefined;
}

const UNAUTHENTICATED = 16;

/**
 * A middleware that sends a token with every call. The token is asked for once and shared; again shortly before it
 * expires, and once more for a call that the server refuses as unauthenticated. What goes wrong while asking fails the
 * call as `middleware-failed`; an answer that is no word without spaces, as `request-invalid`. `connect` refuses it, as `request-invalid`, on a plain connection to another machine: anybody
 * on the way could read the token.
 */
export function bearerToken(
  source: () => Token | string | Promise<Token | string>,
  options: BearerTokenOptions = {},
): Middleware {
  const store = new TokenStore(source, options.earlyMs ?? 60_000);
  const header = (options.header ?? "authorization").toLowerCase();
  const authorize = async ({ headers }: Call): Promise<Token> => {
    const token = await store.get();
    headers.set(header, header === "authorization" ? `Bearer ${token.token}` : token.token);
    return token;
  };
  return {
    name: "bearerToken",
    confidential: options.allowPlain !== true,
    unary: async (call, next) => {
      const token = await authorize(call);
      try {
        return await next();
      } catch (reason) {
        if (!isRefused(reason)) throw reason;
      }
      store.drop(token);
      await authorize(call);
      return next();
    },
    stream: (call, next) => authorizedStream(call, next, authorize, store),
  };
}

async function* authorizedStream(
  call: Call,
  next: () => AsyncIterable<Answer>,
  authorize: (call: Call) => Promise<Token>,
  store: TokenStore,
): AsyncGenerator<Answer, void, undefined> {
  const token = await authorize(call);
  let begun = false;
  try {
    for await (const answer of next()) {
      begun = true;
      yield answer;
    }
    return;
  } catch (reason) {
    if (begun || !isRefused(reason)) throw reason;
  }
  store.drop(token);
  await authorize(call);
  yield* next();
}

/** One token for all calls; those that need a new one wait for the same question. */
class TokenStore {
  readonly #source: () => Token | string | Promise<Token | string>;
  readonly #earlyMs: number;
  #token: Token | undefined;
  #asking: Promise<Token> | undefined;

  constructor(source: () => Token | string | Promise<Token | string>, earlyMs: number) {
    this.#source = source;
    this.#earlyMs = earlyMs;
  }

  async get(): Promise<Token> {
    const known = this.#token;
    if (known !== undefined && Date.now() < (known.expiresAtMs ?? Infinity) - this.#earlyMs) return known;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Forgets a token that was refused, unless there is a newer one already. */
  drop(token: Token): void {
    if (this.#token === token) this.#token = undefined;
  }

  async #ask(): Promise<Token> {
    const answer = await this.#source();
    const given: Partial<Token> = typeof answer === "string" ? { token: answer } : (Object(answer) as object);
    this.#token = { ...given, token: checkedToken(given.token) };
    return this.#token;
  }
}

function isRefused(reason: unknown): boolean {
  return isTriptychError(reason) && reason.details.grpcStatus === UNAUTHENTICATED;
}

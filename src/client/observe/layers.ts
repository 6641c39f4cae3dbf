import { isTriptychError, TriptychError } from "../../errors/index.ts";
import { shownName } from "../shown.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { Answer, Call, Middleware } from "./middleware.ts";

/** The call with all middlewares around it. */
export function unaryOnion(
  use: readonly Middleware[],
  call: Call,
  core: () => Promise<Answer>,
): () => Promise<Answer> {
  return use.reduceRight(
    (next, layer) => (layer.unary === undefined ? next : () => unaryLayer(layer, call, next)),
    core,
  );
}

/** The same for a stream. */
export function streamOnion(
  use: readonly Middleware[],
  call: Call,
  core: () => AsyncIterable<Answer>,
): () => AsyncIterable<Answer> {
  return use.reduceRight(
    (next, layer) => (layer.stream === undefined ? next : () => streamLayer(layer, call, next)),
    core,
  );
}

/** The error for a middleware that made up an answer. */
export function foreignAnswer(): TriptychError {
  return new TriptychError(
    "middleware-failed",
    "A middleware gave back an answer that next() did not give.",
    {
      hint: "Return what next() resolved to, and yield what it yields.",
    },
  );
}

async function unaryLayer(layer: Middleware, call: Call, next: () => Promise<Answer>): Promise<Answer> {
  try {
    return (await layer.unary?.(call, next)) ?? (await next());
  } catch (reason) {
    throw blamed(layer, reason);
  }
}

async function* streamLayer(
  layer: Middleware,
  call: Call,
  next: () => AsyncIterable<Answer>,
): AsyncGenerator<Answer, void, undefined> {
  try {
    yield* layer.stream?.(call, next) ?? next();
  } catch (reason) {
    throw blamed(layer, reason);
  }
}

function blamed({ name }: Middleware, reason: unknown): TriptychError {
  if (isTriptychError(reason)) return reason;
  const problem = reason instanceof Error ? reason.message : String(reason);
  const text = `${shownName(name ?? "A middleware")}: ${cleanText(problem)}`;
  return new TriptychError("middleware-failed", text, { cause: reason });
}

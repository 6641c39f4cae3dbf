import { TriptychError } from "../../errors/index.ts";
import { fieldsOf, shownValue } from "../shown.ts";
import type { AnyRequests } from "./many.ts";

/** One request. */
type AnyRequest = AnyRequests extends Iterable<infer R> | AsyncIterable<infer R> ? R : never;

/**
 * The requests, each looked at when its turn comes; the types say it already, but callers may have none.
 *
 * @throws TriptychError `request-invalid` for what is no list and nothing to iterate; in the iteration for what is no request.
 */
export function checkedRequests(requests: AnyRequests): AnyRequests {
  const source: unknown = requests;
  if (typeof source === "object" && source !== null) {
    if (Symbol.asyncIterator in source) return checkedLater(source as AsyncIterable<AnyRequest>);
    if (Symbol.iterator in source) return checkedNow(source as Iterable<AnyRequest>);
  }
  throw new TriptychError(
    "request-invalid",
    `requests: expected a list, or requests as they come, got ${shownValue(source)}.`,
    { hint: "Give such as [{ inputs }], or an async generator of { inputs }." },
  );
}

function* checkedNow(requests: Iterable<AnyRequest>): Generator<AnyRequest, void, undefined> {
  let at = 0;
  for (const request of requests) {
    fieldsOf(`requests[${at}]`, request);
    yield request;
    at += 1;
  }
}

async function* checkedLater(
  requests: AsyncIterable<AnyRequest>,
): AsyncGenerator<AnyRequest, void, undefined> {
  let at = 0;
  for await (const request of requests) {
    fieldsOf(`requests[${at}]`, request);
    yield request;
    at += 1;
  }
}

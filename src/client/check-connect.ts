import { TriptychError } from "../errors/index.ts";
import { fieldsOf, shownValue } from "./shown.ts";
import { cleanText } from "./transport/clean-text.ts";

/** Longer than any name of a host with its port. */
const LONGEST_ENDPOINT = 1024;

/**
 * What the types say of endpoints already, for callers without them; and that they are texts which every message can show.
 *
 * @throws TriptychError `request-invalid` for what is no text, `unreachable` for one that names nothing.
 */
export function checkEndpoints(endpoints: unknown): void {
  for (const endpoint of Array.isArray(endpoints) ? endpoints : [endpoints]) {
    const hint = 'Name the server, such as "127.0.0.1:8001".';
    if (typeof endpoint !== "string") {
      const got = shownValue(endpoint);
      throw new TriptychError("request-invalid", `connect: expected an endpoint, host:port, got ${got}.`, {
        hint,
      });
    }
    if (endpoint.length > LONGEST_ENDPOINT || cleanText(endpoint) !== endpoint)
      throw new TriptychError("unreachable", `Cannot reach ${shownValue(endpoint)}: this is no endpoint.`, {
        hint,
      });
  }
}

/**
 * Refuses what no call would pass: a middleware that is none would go unheard.
 *
 * @throws TriptychError `request-invalid`.
 */
export function checkMiddlewares(use: unknown): void {
  if (use === undefined) return;
  const hint = "Give a list of objects with unary, stream or both: use: [logging()].";
  if (!Array.isArray(use))
    throw new TriptychError(
      "request-invalid",
      `use: expected a list of middlewares, got ${shownValue(use)}.`,
      { hint },
    );
  for (const [at, one] of use.entries()) {
    const { unary, stream } = fieldsOf(`use[${at}]`, one);
    for (const [name, way] of Object.entries({ unary, stream }))
      if (way !== undefined && typeof way !== "function")
        throw new TriptychError(
          "request-invalid",
          `use[${at}].${name}: expected a function, got ${shownValue(way)}.`,
          { hint },
        );
    if (unary === undefined && stream === undefined)
      throw new TriptychError("request-invalid", `use[${at}]: expected unary or stream, got neither.`, {
        hint,
      });
  }
}

import { TriptychError } from "../../errors/index.ts";

/** Longer than any name that a folder can have, and than any id that a person would look for in a log. */
const MOST_BYTES = 1024;

/** Texts of a request that servers repeat in what they say of it. */
interface EchoedTexts {
  readonly name?: string | undefined;
  readonly model_name?: string | undefined;
  readonly version?: string | undefined;
  readonly model_version?: string | undefined;
  readonly id?: string | undefined;
}

/**
 * Refuses a request with a text that a server would repeat in an error which no client reads: past 64 KiB of it, Node's HTTP/2
 * stops reading the whole connection, with every call on it.
 *
 * @throws TriptychError `request-invalid`.
 */
export function checkTexts(request: object): void {
  const texts: EchoedTexts = request;
  check("model", texts.model_name ?? texts.name);
  check("version", texts.model_version ?? texts.version);
  check("requestId", texts.id);
}

function check(what: string, text: string | undefined): void {
  // No character takes more than three bytes a unit, and hardly any text comes near.
  if (typeof text !== "string" || text.length * 3 <= MOST_BYTES) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= MOST_BYTES) return;
  throw new TriptychError("request-invalid", `${what}: expected at most ${MOST_BYTES} bytes, got ${bytes}.`);
}

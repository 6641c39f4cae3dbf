import { TriptychError } from "../errors/index.ts";
import { cleanText } from "./transport/clean-text.ts";

/** Longer than any name that somebody gave on purpose. */
const MOST_NAME = 200;

/** A name as a message shows it: without what a terminal would act on, and no longer than anyone would read. */
export function shownName(name: string): string {
  const text = cleanText(name);
  return text.length <= MOST_NAME ? text : `${text.slice(0, MOST_NAME)}… (${name.length} characters)`;
}

/** Any value as a message shows it. */
export function shownValue(value: unknown): string {
  if (typeof value === "string") return `"${shownName(value)}"`;
  if (Array.isArray(value)) return shownList(value);
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** The first few, without what is in those that are lists themselves. */
function shownList(list: readonly unknown[]): string {
  const few = list.slice(0, 3).map((one) => (Array.isArray(one) ? "a list" : shownValue(one)));
  return `[${[...few, ...(list.length > few.length ? ["…"] : [])].join(", ")}]`;
}

/**
 * The members of an object that callers without types may have given as something else.
 *
 * @throws TriptychError `request-invalid` for what is no object.
 */
export function fieldsOf(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new TriptychError("request-invalid", `${what}: expected an object, got ${shownValue(value)}.`);
}

/**
 * The options of a call, none where none were given.
 *
 * @throws TriptychError `request-invalid` for what are no options, such as null.
 */
export function givenOptions<T extends object>(options: T | undefined): T | undefined {
  if (options !== undefined) fieldsOf("options", options);
  return options;
}

/**
 * A text that can be sent: half a surrogate pair has no UTF-8, and a server could not read the request.
 *
 * @throws TriptychError `request-invalid` for what is no text, and for such a half.
 */
export function wholeText(what: string, text: unknown): string {
  if (typeof text !== "string")
    throw new TriptychError("request-invalid", `${what}: expected a string, got ${shownValue(text)}.`);
  if (!/\p{Surrogate}/u.test(text)) return text;
  throw new TriptychError(
    "request-invalid",
    `${what}: not well-formed Unicode: it has half a surrogate pair.`,
    { hint: "Cut strings between characters, not between code units." },
  );
}

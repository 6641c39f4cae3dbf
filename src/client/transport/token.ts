import { TriptychError } from "../../errors/index.ts";

/**
 * The token, if it is one word: anything else would be no header.
 *
 * @throws TriptychError `request-invalid`, which never shows what was given.
 */
export function checkedToken(token: unknown): string {
  if (typeof token === "string" && token !== "" && !/\s/.test(token)) return token;
  throw new TriptychError(
    "request-invalid",
    "token: expected a word without spaces, as the token's issuer gave it.",
    { hint: "Nothing was sent. See what gives the token." },
  );
}

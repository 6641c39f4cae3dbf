import { TriptychError } from "../../errors/index.ts";
import { fieldsOf, shownName, shownValue } from "../shown.ts";

/** The changes that are any. The server ignores settings that it does not know, so that they are refused here. */
export function givenChanges(changes: object, known: readonly string[]): [string, unknown][] {
  const entries = Object.entries(fieldsOf("changes", changes)).filter(([, value]) => value !== undefined);
  const stray = entries.find(([name]) => !known.includes(name));
  if (stray === undefined) return entries;
  throw new TriptychError("request-invalid", `There is no setting "${shownName(stray[0])}" to change.`, {
    hint: `Those that can be changed are ${known.join(", ")}.`,
  });
}

/** The error for a setting that cannot have this value. */
export function wrongSetting(name: string, expected: string, got: unknown): TriptychError {
  return new TriptychError("request-invalid", `${name}: expected ${expected}, got ${shownValue(got)}.`, {
    hint: "Give the setting a value that the server knows.",
  });
}

import { RULES } from "./rules/index.ts";

/** What to write instead of a rule that there is not. */
export const RULES_HINT =
  "Name a rule, such as I101, or the letters that it begins with; docs/lint.md lists them.";

/** True for a rule, and for the beginning of one. */
export function isRuleWord(word: string): boolean {
  return word !== "" && RULES.some(({ id }) => id.startsWith(word));
}

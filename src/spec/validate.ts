import { type OwnWords, schemaCheck, show } from "../document/index.ts";
import { SPEC_SCHEMA, type SpecDocument } from "./schema/index.ts";

const SHIFT_HINT =
  "write the flow shift the weights were made for; schedulers' configs disagree about it, so it is never assumed";

/** What a spec says in other words than any document: guidance by position, and a shift that is not written. */
const specWords: OwnWords = ({ path, keyword, value, missing }, usual) => {
  if (missing === "shift") return { ...usual, hint: SHIFT_HINT };
  if (keyword !== "anyOf" || path.at(-1) !== "guidance") return undefined;
  const got = Array.isArray(value) ? `the list ${show(value)}` : show(value);
  return {
    rule: "guidance",
    message: `expected off or { highNoise: …, lowNoise: … }, got ${got}`,
    hint: Array.isArray(value)
      ? "guidance is named by expert, never by position: programs disagree about the order"
      : "write off for a variant without guidance, or a scale for each expert",
  };
};

/** Checks a parsed file against the schema of a spec. */
export const checkSchema = schemaCheck<SpecDocument>(SPEC_SCHEMA, specWords);

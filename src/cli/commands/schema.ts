import { PASSPORT_SCHEMA } from "../../engine/index.ts";
import { SPEC_SCHEMA } from "../../spec/index.ts";
import { type Command, EXIT } from "../context.ts";

/** `triptych schema`: the JSON Schema of a spec, for editors; with --passport that of an artifact's passport. */
export const schema: Command<{ passport?: boolean }> = ({ terminal }, { passport = false }) => {
  terminal.out(JSON.stringify(passport ? PASSPORT_SCHEMA : SPEC_SCHEMA, null, 2));
  return Promise.resolve(EXIT.ok);
};

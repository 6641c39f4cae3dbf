import { SPEC_SCHEMA } from "../../spec/index.ts";
import { type Command, EXIT } from "../context.ts";

/** `triptych schema`: the JSON Schema of a spec, for editors. */
export const schema: Command<Record<string, never>> = ({ terminal }) => {
  terminal.out(JSON.stringify(SPEC_SCHEMA, null, 2));
  return Promise.resolve(EXIT.ok);
};

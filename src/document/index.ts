export {
  type Checked,
  type OwnWords,
  type SchemaMessage,
  schemaCheck,
  show,
} from "./check-schema.ts";
export { printYaml } from "./print.ts";
export { at, byPosition, entriesAt, type Path, type Problem } from "./problem.ts";
export { type DocumentSource, readSource } from "./source.ts";
export { suggest } from "./suggest.ts";

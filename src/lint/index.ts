export { lintRepository } from "./lint.ts";
export { RULES } from "./rules/index.ts";
export type {
  ExampleFiles,
  LintFinding,
  LintOptions,
  LintReport,
  Rule,
  RuleExample,
  Severity,
  Verdict,
} from "./types.ts";

export { type LintFix, lintFixes } from "./fix.ts";
export { lintToGithub } from "./format/github.ts";
export { lintToSarif } from "./format/sarif.ts";
export { lintRepository } from "./lint.ts";
export { RULES } from "./rules/index.ts";
export { applyLintSettings, type LintException, type LintSettings, readLintSettings } from "./settings.ts";
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

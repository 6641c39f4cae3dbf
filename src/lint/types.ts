/** How bad a finding is: of an `error`, Triton refuses the model; the others are legal but dangerous, slow or surprising. */
export type Severity = "error" | "warning" | "note";

/**
 * What Triton will do with a model; `unknown` where it was not read, because a link leads out of the repository, and, on a
 * server that completes configurations, where only the model's own file or code says the rest.
 */
export type Verdict = "accepted" | "refused" | "unknown";

/** One thing that a rule found. */
export interface LintFinding {
  /** Stable id of the rule, such as `I101`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  /** Triton's own key phrase: a piece of what it writes to its log. */
  readonly phrase?: string;
  readonly file: string;
  /** From 1; absent where the finding is about a whole file or folder. */
  readonly line?: number;
  readonly column?: number;
  readonly expected?: string;
  readonly got?: string;
  /** How to mend it. */
  readonly hint?: string;
  /** Folder of the model; absent where the finding is about the repository. */
  readonly model?: string;
}

/** What was found in a repository. */
export interface LintReport {
  /** By model, then in the order of the text. */
  readonly findings: readonly LintFinding[];
  /** How many models were looked at. */
  readonly models: number;
  readonly verdicts: Readonly<Record<string, Verdict>>;
  /** The release whose verdict this is. */
  readonly triton: string;
  /** Whether it is that of a server which completes configurations. */
  readonly autoComplete: boolean;
}

/** How a repository is looked at. */
export interface LintOptions {
  /** Release of Triton, such as `24.10` or `26.08`, or `embedded`; default `26.08`. */
  readonly triton?: string;
  /**
   * Whether the server runs without `--disable-auto-complete-config`, as Triton does by itself, and so completes
   * configurations from the models' files; default false, as Triptych starts it.
   */
  readonly autoComplete?: boolean;
  /** Only these rules, by id or by the beginning of one (`I`, `E5`). */
  readonly rules?: readonly string[];
  /** Not these rules, in the same words. */
  readonly ignore?: readonly string[];
  /** Looks behind links out of the folder too; default false. */
  readonly followLinks?: boolean;
}

/** Files of a repository by their path below it. */
export type ExampleFiles = Readonly<Record<string, string>>;

/** A repository that breaks a rule, and the same one mended. */
export interface RuleExample {
  /** The server that shows it, where that is not the rule's own release. */
  readonly triton?: string;
  readonly failing: ExampleFiles;
  readonly mended: ExampleFiles;
}

/** A rule as it is documented. */
export interface Rule {
  readonly id: string;
  readonly severity: Severity;
  /** First release that it holds in; absent: all that are known. */
  readonly since?: string;
  /** Last release that it holds in. */
  readonly until?: string;
  /** Whether it holds only where the server completes configurations, or only where it does not; absent: on both. */
  readonly autoComplete?: boolean;
  readonly phrase?: string;
  /** What it is about, as a sentence. */
  readonly what: string;
  /** How to mend it. */
  readonly mend: string;
  readonly example: RuleExample;
}

import { Option, type Command as Program } from "commander";
import type { LintFlags } from "./commands/lint.ts";
import type { Context } from "./context.ts";

/** Runs a command body. */
type Run = (body: (context: Context) => Promise<number>) => Promise<void>;

/** Adds `triptych lint`. */
export function addLint(program: Program, run: Run, words: (text: string) => string[]): void {
  program
    .command("lint")
    .description("say what Triton will say of a model repository, and where; exit 1 where it refuses a model")
    .argument("<folder>", "model repository: the folder that Triton is given, or one of Triptych's")
    .option("--triton <release>", "release of Triton, such as 24.10 or 26.08, or embedded; default 26.08")
    .option("--auto-complete", "for a server without --disable-auto-complete-config, as Triton is by itself")
    .option("--rule <ids>", "only these rules, such as I,E501", words)
    .option("--ignore <ids>", "not these rules", words)
    .option("--config <file>", "JSON with the server and exceptions, each with its reason")
    .addOption(new Option("--format <name>", "how findings are told").choices(["text", "sarif", "github"]))
    .option("--follow-links", "look behind links out of the repository too")
    .option("--fix", "mend what is safe to mend; shows the difference first")
    .option("--watch", "look again when something changes, until Ctrl-C")
    .action((folder: string, flags: LintFlags) =>
      run(async (context) => (await import("./commands/lint.ts")).lint(context, { folder, ...flags })),
    );
}

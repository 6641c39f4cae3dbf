import type { Command as Program } from "commander";
import type { ImportFlags } from "./commands/import.ts";
import type { Context } from "./context.ts";

/** Runs a command body. */
type Run = (body: (context: Context) => Promise<number>) => Promise<void>;

/** Adds `triptych import`. */
export function addImport(program: Program, run: Run): void {
  program
    .command("import")
    .description(
      "read a model repository, made by Triptych or not, into a contract and, where it is one, a spec",
    )
    .argument("<folder>", "model repository: one of Triptych's, or any folder that Triton is given")
    .option("-o, --out <file>", "write the contract to a file")
    .option("--spec <file>", "write the spec to a file; exit 1 where it does not lead to the same repository")
    .option("--name <name>", "what the contract is called in the module")
    .option("--force", "write over files that are there already")
    .option("--follow-links", "look behind links out of the folder too")
    .action((folder: string, flags: ImportFlags) =>
      run(async (context) =>
        (await import("./commands/import.ts")).importFolder(context, { folder, ...flags }),
      ),
    );
}

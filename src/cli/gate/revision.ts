import { rm } from "node:fs/promises";
import path from "node:path";
import { isTriptychError, TriptychError } from "../../errors/index.ts";
import { makeFolder } from "../../files/index.ts";
import { runProgram } from "../../process/index.ts";
import type { Context } from "../context.ts";

const GIT_MS = 600_000;

async function git({ signal }: Context, cwd: string, args: readonly string[]): Promise<string> {
  const { stdout } = await runProgram({ file: "git", args, cwd, signal, timeoutMs: GIT_MS });
  return stdout.trim();
}

async function commitOf(context: Context, top: string, revision: string): Promise<string> {
  try {
    return await git(context, top, ["rev-parse", "--verify", "--end-of-options", `${revision}^{commit}`]);
  } catch (cause) {
    if (!isTriptychError(cause, "process-failed")) throw cause;
    throw new TriptychError("usage", `git knows no revision ${revision} here.`, {
      cause,
      hint: "fetch it first: CI checkouts are often one commit deep",
    });
  }
}

/**
 * Writes the files of a revision into a folder; the working tree is left alone.
 *
 * @returns The spec there.
 * @throws TriptychError `usage` for a revision that git does not know, `process-failed`
 */
export async function checkOut(
  context: Context,
  { revision, spec, folder }: { readonly revision: string; readonly spec: string; readonly folder: string },
): Promise<{ readonly spec: string }> {
  const top = await git(context, path.resolve(path.dirname(spec)), ["rev-parse", "--show-toplevel"]);
  const commit = await commitOf(context, top, revision);
  await makeFolder(folder);
  const archive = path.resolve(folder, "revision.tar");
  await git(context, top, ["archive", "--format=tar", "-o", archive, commit]);
  await runProgram({
    file: "tar",
    args: ["-xf", archive, "-C", path.resolve(folder)],
    signal: context.signal,
  });
  await rm(archive);
  return { spec: path.join(folder, path.relative(top, path.resolve(spec))) };
}

import { readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { systemErrorCode, TriptychError } from "../../errors/index.ts";
import { makeFolder, withLock, writeError } from "../../files/index.ts";
import type { Context } from "../context.ts";
import type { BenchOptions } from "./bench-plan.ts";

const REFUSAL = { code: "output-unwritable", hint: "choose another place with --out" } as const;

/** Where records of the run before go: one run back, so that a long one is not lost by a careless word. */
const BEFORE = "records-before";

type Folder = Pick<BenchOptions, "out" | "resume">;

/** Moves records of an earlier run aside: a report of the folder would tell them as this run's. */
async function setAside({ terminal }: Context, out: string): Promise<void> {
  const records = path.join(out, "records");
  const names = await readdir(records).catch(() => []);
  if (!names.some((name) => name.endsWith(".ndjson"))) return;
  const before = path.join(out, BEFORE);
  try {
    await rm(before, { recursive: true, force: true });
    await rename(records, before);
  } catch (reason) {
    throw writeError(reason, records, REFUSAL);
  }
  terminal.err(`the records of the run before are in ${before} now; --resume would have gone on with them`);
}

function refuseBusy(out: string): never {
  throw new TriptychError("usage", `another triptych bench writes to ${out}`, {
    hint: "name another folder with --out, or wait until it ends",
  });
}

/**
 * Measures into a folder that nobody else measures into; without `--resume` it begins with no records.
 *
 * @throws TriptychError `usage` where another bench has the folder; `disk-full`, `output-unwritable`
 */
export async function inFolder<T>(
  context: Context,
  { out, resume }: Folder,
  work: () => Promise<T>,
): Promise<T> {
  const lock = path.join(out, ".bench.lock");
  const onWait = (): never => refuseBusy(out);
  try {
    await makeFolder(out);
    return await withLock(lock, { signal: context.signal, onWait }, async () => {
      if (resume !== true) await setAside(context, out);
      return work();
    });
  } catch (reason) {
    if (systemErrorCode(reason) === undefined || reason instanceof TriptychError) throw reason;
    throw writeError(reason, lock, REFUSAL);
  }
}

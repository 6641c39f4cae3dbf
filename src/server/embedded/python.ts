import { isTriptychError, systemErrorCode, TriptychError } from "../../errors/index.ts";
import { type EnvironmentChanges, runProgram } from "../../process/index.ts";
import { assetPath } from "./asset.ts";
import { findLibpython } from "./libpython.ts";
import { minorVersion, noPython, type PythonFacts, systemProblem, venvProblem } from "./python-facts.ts";

/** An interpreter that the embedded server can be made with. */
export interface Interpreter {
  readonly file: string;
  readonly facts: PythonFacts;
  /** Path of its shared library, which the server's model processes load. */
  readonly libpython: string;
}

/** Nothing of the user's own Python set-up may change what is installed, or where. */
export const CLEAN_PYTHON: EnvironmentChanges = {
  PYTHONPATH: undefined,
  PYTHONHOME: undefined,
  PIP_CONSTRAINT: undefined,
  PIP_PREFIX: undefined,
  PIP_REQUIREMENT: undefined,
  PIP_ROOT: undefined,
  PIP_TARGET: undefined,
  PIP_USER: undefined,
};

const MINORS = [12, 11, 10];
const CANDIDATES = ["python3", ...MINORS.map((minor) => `python3.${String(minor)}`)];

/** Far more than it needs; a machine that swaps or is overloaded may take that long. */
const PROBE_MS = 60_000;

const NOT_THERE = new Set(["ENOENT", "ENOTDIR", "EACCES"]);

/** Whether there is no such interpreter. A machine that could not start it, or was too slow, does not tell. */
function isAbsent(error: unknown): boolean {
  if (!isTriptychError(error, "process-failed")) return false;
  // What was started and failed is a launcher that has no such version.
  return error.cause === undefined || NOT_THERE.has(systemErrorCode(error.cause) ?? "");
}

function noAnswer(file: string, cause: unknown): TriptychError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${file} did not tell what it is: ${reason}`;
  const hint = `Try it by hand: ${file} --version. If the machine was overloaded, run the command again.`;
  return new TriptychError("environment-failed", message, { hint, cause });
}

/** Asks an interpreter for its facts; undefined where there is none of that name. */
async function probe(
  file: string,
  signal: AbortSignal | undefined,
  timeoutMs: number,
): Promise<PythonFacts | TriptychError | undefined> {
  try {
    const args = ["-I", assetPath("probe.py")];
    const { stdout } = await runProgram({ file, args, env: CLEAN_PYTHON, signal, timeoutMs });
    return JSON.parse(stdout) as PythonFacts;
  } catch (error) {
    if (isTriptychError(error, "cancelled")) throw error;
    return isAbsent(error) ? undefined : noAnswer(file, error);
  }
}

function isSuitable({ implementation, version: [major, minor] }: PythonFacts): boolean {
  return implementation === "cpython" && major === 3 && MINORS.includes(minor);
}

async function examine(file: string, facts: PythonFacts): Promise<Interpreter | TriptychError> {
  const problem = systemProblem(facts) ?? venvProblem(file, facts);
  if (problem !== undefined) return problem;
  const libpython = await findLibpython(minorVersion(facts), [
    facts.libraryFolder,
    `${facts.basePrefix}/lib`,
  ]);
  if (libpython !== undefined) return { file, facts, libpython };
  const name = `libpython${minorVersion(facts)}`;
  return new TriptychError(
    "libpython-missing",
    `The shared library ${name}.so.1.0 of ${file} was not found`,
    {
      hint: `Install it: on Debian and Ubuntu, apt install ${name}; on Fedora, dnf install ${name.slice(3)}-libs`,
    },
  );
}

/**
 * Finds an interpreter that the embedded server can be made with: the chosen one, or the first suitable one on PATH.
 *
 * @throws TriptychError `python-missing`, `venv-missing`, `libpython-missing`, `environment-failed` (wrong system, or one
 * that does not answer) or `cancelled`.
 */
export async function findInterpreter(
  chosen?: string,
  signal?: AbortSignal,
  probeMs = PROBE_MS,
): Promise<Interpreter> {
  const seen: string[] = [];
  let firstProblem: TriptychError | undefined;
  for (const file of chosen === undefined ? CANDIDATES : [chosen]) {
    const facts = await probe(file, signal, probeMs);
    if (facts === undefined) continue;
    if (facts instanceof TriptychError) {
      firstProblem ??= facts;
      continue;
    }
    seen.push(`${file} (${facts.implementation} ${facts.version.join(".")})`);
    if (!isSuitable(facts)) continue;
    const found = await examine(file, facts);
    if (!(found instanceof TriptychError)) return found;
    firstProblem ??= found;
  }
  throw firstProblem ?? noPython(chosen, seen);
}

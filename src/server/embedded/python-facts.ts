import { TriptychError } from "../../errors/index.ts";

/** What probe.py tells of an interpreter. */
export interface PythonFacts {
  readonly implementation: string;
  readonly version: readonly [major: number, minor: number, patch: number];
  readonly system: string;
  readonly machine: string;
  /** Such as `2.36`; empty where the C library is another. */
  readonly glibc: string;
  readonly basePrefix: string;
  readonly libraryFolder: string;
  readonly venv: boolean;
  readonly ensurepip: boolean;
}

const GLIBC = [2, 35] as const;
const CONTAINER_HINT = "Use Triton's container there instead (kind: container).";

/** `3.11`, as file names have it. */
export function minorVersion(facts: PythonFacts): string {
  return facts.version.slice(0, 2).join(".");
}

function isOldGlibc(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < GLIBC[0] || (major === GLIBC[0] && minor < GLIBC[1]);
}

/** What is wrong with the system that an interpreter runs on. */
export function systemProblem({ system, machine, glibc }: PythonFacts): TriptychError | undefined {
  if (system !== "Linux" || machine !== "x86_64") {
    const message = `The embedded server is made for Linux on x86_64; this is ${system} on ${machine}`;
    return new TriptychError("environment-failed", message, { hint: CONTAINER_HINT });
  }
  if (!isOldGlibc(glibc)) return undefined;
  const found = glibc === "" ? "another C library" : `glibc ${glibc}`;
  const message = `The embedded server needs glibc ${GLIBC.join(".")} or newer; this system has ${found}`;
  return new TriptychError("environment-failed", message, { hint: CONTAINER_HINT });
}

/** What an interpreter lacks to make a virtual environment. */
export function venvProblem(file: string, facts: PythonFacts): TriptychError | undefined {
  if (facts.venv && facts.ensurepip) return undefined;
  const missing = facts.venv ? "ensurepip" : "venv";
  return new TriptychError(
    "venv-missing",
    `${file} (Python ${minorVersion(facts)}) has no module ${missing}`,
    {
      hint: `Install it: on Debian and Ubuntu, apt install python${minorVersion(facts)}-venv`,
    },
  );
}

/** The error for a machine without a suitable interpreter. */
export function noPython(chosen: string | undefined, seen: readonly string[]): TriptychError {
  const found = seen.length === 0 ? "found none" : `found only ${seen.join(", ")}`;
  const where = chosen === undefined ? "on PATH" : `at ${chosen}`;
  return new TriptychError(
    "python-missing",
    `The embedded server needs Python 3.10 to 3.12 ${where}; ${found}`,
    {
      hint: "Install it: on Debian and Ubuntu, apt install python3 python3-venv",
    },
  );
}

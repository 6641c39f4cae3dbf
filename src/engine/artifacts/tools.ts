import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isTriptychError, TriptychError } from "../../errors/index.ts";
import { isProgramMissing, runProgram } from "../../process/index.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Folder with the Python tools: in the package they lie in dist/, in the source tree at the top. */
export function toolsFolder(): string {
  return (
    [here("../../tools"), here("../../../tools")].find((path) => existsSync(`${path}/triptych_tools`)) ?? ""
  );
}

/** The package that models and tools share. */
export function runtimeFolder(): string {
  return here("../../repository/python");
}

/** Versions of Python and of the libraries that the tools use, by name. */
export type ToolVersions = Readonly<Record<string, string>>;

/** Changes to the environment that the tools run in. */
export function toolsEnvironment(): Record<string, string> {
  return {
    PYTHONPATH: `${toolsFolder()}:${runtimeFolder()}`,
    // Lines are read while they are written.
    PYTHONUNBUFFERED: "1",
    // Everything is on this disk: a library that looks elsewhere for weights is to fail.
    HF_HUB_OFFLINE: "1",
    // A tool that outlived us would train in the folder that our next run takes up.
    TRIPTYCH_PARENT: String(process.pid),
  };
}

function toolsMissing(message: string, cause: unknown): TriptychError {
  return new TriptychError("tools-missing", message, {
    cause,
    hint: `make an environment with \`python3 -m venv tools-env && tools-env/bin/pip install -r ${toolsFolder()}/requirements.txt\`, and pass --python tools-env/bin/python`,
  });
}

/**
 * Asks a Python for the versions of what the tools need.
 *
 * @throws TriptychError `tools-missing` where it cannot run them
 */
export async function toolVersions(python: string, signal?: AbortSignal): Promise<ToolVersions> {
  const args = ["-m", "triptych_tools.versions"];
  try {
    const { stdout } = await runProgram({
      file: python,
      args,
      env: toolsEnvironment(),
      signal,
      timeoutMs: 120_000,
    });
    return JSON.parse(stdout) as ToolVersions;
  } catch (cause) {
    if (isTriptychError(cause, "cancelled")) throw cause;
    if (isProgramMissing(cause)) throw toolsMissing(`${python} was not found`, cause);
    const lastLine = isTriptychError(cause) ? cause.details.logTail?.trim().split("\n").at(-1) : undefined;
    throw toolsMissing(`${python} cannot run the Python tools: ${lastLine ?? String(cause)}`, cause);
  }
}

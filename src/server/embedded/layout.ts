import { access } from "node:fs/promises";
import path from "node:path";

/** The embedded server as it lies on disk, ready to start. */
export interface EmbeddedEnvironment {
  /** The virtual environment; everything else lies in it. */
  readonly root: string;
  /** Its interpreter, which runs the Python models. */
  readonly python: string;
  /** `3.10`, `3.11` or `3.12`. */
  readonly pythonVersion: string;
  readonly tritonserver: string;
  /** Where the packages lie. */
  readonly packages: string;
  readonly backendDirectory: string;
  readonly cacheDirectory: string;
  /** Folder that holds nothing but libpython, for the loader's search path. */
  readonly libraryFolder: string;
}

/** Raise it when the layout below changes, so that older environments are left alone. */
export const LAYOUT = 2;

/** Where everything lies in an environment. The server stays where pip put it: its libraries are found from there. */
export function describe(root: string, pythonVersion: string): EmbeddedEnvironment {
  const packages = path.join(root, "lib", `python${pythonVersion}`, "site-packages");
  const server = path.join(packages, "pytriton", "tritonserver");
  return {
    root,
    packages,
    python: path.join(root, "bin", "python"),
    pythonVersion,
    tritonserver: path.join(server, "bin", "tritonserver"),
    backendDirectory: path.join(server, "backends"),
    cacheDirectory: path.join(server, "caches"),
    libraryFolder: path.join(root, "libpython"),
  };
}

/** The environment of a root, or nothing where it is not whole: never made, or its Python was uninstalled. */
export async function findWhole(
  root: string,
  pythonVersion: string,
): Promise<EmbeddedEnvironment | undefined> {
  const environment = describe(root, pythonVersion);
  const library = path.join(environment.libraryFolder, `libpython${pythonVersion}.so.1.0`);
  // These follow links, so they see whether what a link points to is still there.
  const checks = [environment.python, environment.tritonserver, library].map((file) => access(file));
  return Promise.all(checks).then(
    () => environment,
    () => undefined,
  );
}

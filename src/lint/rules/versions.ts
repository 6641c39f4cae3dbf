import { join } from "node:path";
import { BASE, type CheckedRule, MODEL_PY, pythonModel } from "./define.ts";

/** The most that a version's number can be; Triton reads it as 64 bits with a sign. */
const LAST_VERSION = 2n ** 63n - 1n;

/** Folders of versions (R6). */
export const VERSION_RULES: readonly CheckedRule[] = [
  {
    id: "R604",
    severity: "error",
    phase: "load",
    what: "A folder whose number does not fit into 64 bits: the whole server aborts as it reads the name.",
    mend: "Rename the folder, or move it out of the model's.",
    example: {
      failing: { ...pythonModel(BASE), "m/99999999999999999999/model.py": MODEL_PY },
      mended: pythonModel(BASE),
    },
    *check({ folder, versions }) {
      for (const version of versions) {
        if (version <= LAST_VERSION && version >= -LAST_VERSION - 1n) continue;
        const message = `${version} is no number of 64 bits: the server aborts`;
        yield {
          file: join(folder, `${version}`),
          message,
          expected: `at most ${LAST_VERSION}`,
          got: `${version}`,
        };
      }
    },
  },
];

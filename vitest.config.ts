import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** One replaces a module of Node's, the other measures the memory of its process. */
const ISOLATED = ["src/client/generate/clip.test.ts", "src/client/transport/leaks.test.ts"];

/** These look at everything that is on the machine, so nothing of ours may run beside them. */
const ALONE = ["e2e/cli-interrupt.test.ts", "e2e/client-shared-memory.test.ts"];

/** Small files that take minutes, the longest first. */
const LONG = ["e2e/lint-mutants.test.ts", "e2e/lint.test.ts"];

/**
 * Lets the long files begin first, so that none of them runs alone at the end. Vitest knows how long a file takes where it
 * has run it before, and else takes a large one for a long one.
 */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const long = LONG.flatMap((name) => sorted.filter(({ moduleId }) => moduleId.endsWith(`/${name}`)));
    const at = sorted.findIndex(({ project }) => project.name === long[0]?.project.name);
    const rest = sorted.filter((file) => !long.includes(file));
    return at < 0 ? sorted : [...rest.slice(0, at), ...long, ...rest.slice(at)];
  }
}

const unit = { testTimeout: 20_000, sequence: { groupOrder: 0 } };

/** Real servers take their time. */
const e2e = { testTimeout: 120_000, hookTimeout: 600_000 };

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          ...unit,
          name: "unit",
          include: ["src/**/*.test.ts"],
          exclude: ISOLATED,
          // A world of its own for each file would cost more than all the tests do.
          isolate: false,
        },
      },
      { test: { ...unit, name: "unit-isolated", include: ISOLATED } },
      {
        test: {
          ...e2e,
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          exclude: ALONE,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...e2e,
          name: "e2e-alone",
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
    coverage: { provider: "v8", include: ["src/**/*.ts"] },
  },
});

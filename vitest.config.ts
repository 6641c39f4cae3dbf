import { defineConfig } from "vitest/config";

/** One replaces a module of Node's, the other measures the memory of its process. */
const ISOLATED = ["src/client/generate/clip.test.ts", "src/client/transport/leaks.test.ts"];

/** These look at everything that is on the machine, so nothing of ours may run beside them. */
const ALONE = ["e2e/cli-interrupt.test.ts", "e2e/client-shared-memory.test.ts"];

const unit = { testTimeout: 20_000, sequence: { groupOrder: 0 } };

/** Real servers take their time. */
const e2e = { testTimeout: 120_000, hookTimeout: 600_000 };

export default defineConfig({
  test: {
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
          maxWorkers: 2,
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

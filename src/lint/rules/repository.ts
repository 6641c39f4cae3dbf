import { instancesOf } from "../model/instances.ts";
import type { LintModel, LintRepository, Problem } from "../model/model.ts";
import { passportOf } from "../model/passport.ts";
import { bytesOf, tensorsOf } from "../model/tensors.ts";
import { AFTER_NEWEST, NEWEST_RELEASE } from "../release.ts";
import type { Rule } from "../types.ts";
import { BASE, PLAN_BASE, planModel, pythonModel } from "./define.ts";

/** A rule on the repository as a whole. */
export interface RepositoryRule extends Rule {
  readonly check: (repository: LintRepository) => Iterable<Problem>;
}

/** What Docker gives a container in /dev/shm where nobody says more. */
const DEFAULT_SHM = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

function pythonModels({ models }: LintRepository): LintModel[] {
  return [...models.values()].filter(({ config }) => config.backend === "python");
}

/** Bytes that a request to a model takes in shared memory at least, all its instances busy. */
function sharedBytes({ config }: LintModel): number {
  const each = tensorsOf(config).reduce((sum, { tensor }) => sum + bytesOf(tensor), 0);
  const instances = instancesOf(config).reduce((sum, { count }) => sum + Math.max(1, count), 0);
  return each * Math.max(1, config.max_batch_size ?? 0) * Math.max(1, instances);
}

/** Engines of a model with the memory of the GPU that they were built on. */
function enginesOf(model: LintModel): { bytes: number; gpuBytes: number }[] {
  const { config, served } = model;
  const name = config.default_model_filename ?? "";
  if (config.backend !== "tensorrt") return [];
  return served.flatMap((version) => {
    const memory = passportOf(model, { version: `${version}`, name })?.gpuMemoryMiB;
    const bytes = model.sizeOf(`${version}`, name);
    return memory === undefined || bytes === undefined ? [] : [{ bytes, gpuBytes: memory * MIB }];
  });
}

/** The repository as a whole. */
export const REPOSITORY_RULES: readonly RepositoryRule[] = [
  {
    id: "R102",
    severity: "warning",
    what: "A repository without a model.",
    mend: "Name the folder that has a folder for each model; of a repository of Triptych's that is `models`.",
    example: { failing: { "README.md": "" }, mended: pythonModel(BASE) },
    *check({ models, unread }) {
      if (models.size === 0 && unread.size === 0) yield { message: "there is no model in it" };
    },
  },
  {
    id: "N1701",
    severity: "warning",
    what: "Tensors of Python models pass through /dev/shm, and together they do not fit what Docker gives a container.",
    mend: "Start the container with --shm-size of twice as much, or --ipc=host.",
    example: {
      failing: pythonModel(BASE.replace("dims: [ 4 ]", "dims: [ 64, 1024, 1024 ]")),
      mended: pythonModel(BASE),
    },
    *check(repository) {
      const bytes = pythonModels(repository).reduce((sum, model) => sum + sharedBytes(model), 0);
      if (bytes <= DEFAULT_SHM) return;
      const got = `${Math.ceil(bytes / MIB)} MiB`;
      yield {
        message: "Python models need more shared memory than a container has",
        expected: "at most 64 MiB",
        got,
      };
    },
  },
  {
    id: "N2001",
    severity: "warning",
    what: "The engines together are larger than the memory of the GPU that they were built on, by their passports.",
    mend: "Serve fewer of them at once, such as with `experts: relay`, or on a larger GPU.",
    example: {
      failing: { ...planModel(PLAN_BASE), "m/1/model.plan.passport.json": gpuPassport(0) },
      mended: { ...planModel(PLAN_BASE), "m/1/model.plan.passport.json": gpuPassport(80_000) },
    },
    *check({ models }) {
      const engines = [...models.values()].flatMap(enginesOf);
      const bytes = engines.reduce((sum, engine) => sum + engine.bytes, 0);
      const gpuBytes = Math.min(...engines.map((engine) => engine.gpuBytes));
      if (engines.length === 0 || bytes <= gpuBytes) return;
      const [expected, got] = [`${Math.floor(gpuBytes / MIB)} MiB`, `${Math.ceil(bytes / MIB)} MiB`];
      yield { message: "the engines do not fit the GPU together", expected: `at most ${expected}`, got };
    },
  },
  {
    id: "U401",
    severity: "note",
    until: "25.07",
    what: "In this release, whoever may load models can run commands through the python backend (CVE-2025-23316).",
    mend: "Serve with 26.07 or newer; until then, keep --model-control-mode=explicit away from strangers.",
    example: { failing: pythonModel(BASE), mended: {} },
    *check(repository) {
      if (pythonModels(repository).length > 0) yield { message: "Python models on a release before 25.08" };
    },
  },
  {
    id: "U402",
    severity: "note",
    since: "25.08",
    until: "26.06",
    what: "Releases before 26.07 lack security fixes that are rated up to 9.8.",
    mend: "Serve with 26.07 or newer.",
    example: { failing: pythonModel(BASE), mended: {} },
    *check({ models }) {
      if (models.size > 0) yield { message: "a release before 26.07" };
    },
  },
  {
    id: "U403",
    severity: "warning",
    since: AFTER_NEWEST,
    what: `A release that is newer than the rules, whose newest is ${NEWEST_RELEASE}: the verdict is that of ${NEWEST_RELEASE}.`,
    mend: "Correct the release, or look for a newer Triptych.",
    example: { failing: pythonModel(BASE), mended: {} },
    *check({ models, profile: { release } }) {
      if (models.size === 0) return;
      const message = "the release is newer than the rules";
      yield { message, expected: `at most ${NEWEST_RELEASE}`, got: release };
    },
  },
];

function gpuPassport(memoryMiB: number): string {
  return JSON.stringify({
    version: 1,
    files: [{ name: "", bytes: 28 }],
    engine: { tensorrt: "11.2.1.2", gpu: { memoryMiB } },
  });
}

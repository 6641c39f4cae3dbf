import type { ModelConfigMessage } from "../../model-config/index.ts";
import { decoupledClash } from "./decoupled-flow.ts";
import { membersOf, orderEnsembles } from "./ensemble-order.ts";
import type { LintModel, LintRepository, Problem } from "./model.ts";
import { dimsText } from "./tensors.ts";

/** What is wrong with how an ensemble is put together, by the rule that says so. */
export interface CompositionProblem extends Problem {
  readonly rule: string;
}

type Scheduling = NonNullable<ModelConfigMessage["ensemble_scheduling"]>;
type Step = NonNullable<Scheduling["step"]>[number];
type Io = NonNullable<ModelConfigMessage["output"]>[number];

/** What is known of a tensor of an ensemble, and by whom. */
interface KnownTensor {
  readonly by: string;
  readonly type: string;
  readonly dims: readonly bigint[];
  /** With the batch dimension. */
  readonly full: readonly bigint[];
}

/** Holds an ensemble against the models of its steps, as Triton does once they are loaded. */
export function composition(ensemble: LintModel, repository: LintRepository): readonly CompositionProblem[] {
  const problems = [...memberProblems(ensemble, repository)];
  if (problems.length > 0) return problems;
  const found = [...mappingProblems(ensemble, repository)];
  return found.length > 0 ? found : [...decoupledClash(ensemble, repository)];
}

const circles = new WeakMap<LintRepository["models"], ReadonlySet<string>>();

function isCircular({ name }: LintModel, { models }: LintRepository): boolean {
  const circular = circles.get(models) ?? orderEnsembles(models).circular;
  circles.set(models, circular);
  return circular.has(name);
}

/** Models that are not there, or not in the version that is wanted. */
function* memberProblems(ensemble: LintModel, repository: LintRepository): Iterable<CompositionProblem> {
  const steps = ensemble.config.ensemble_scheduling?.step ?? [];
  for (const name of membersOf(ensemble)) {
    const index = steps.findIndex((step) => (step.model_name ?? "") === name);
    const at = `ensemble_scheduling.step[${index}].model_name`;
    const rule = missing(name, repository);
    if (rule !== undefined) yield { rule, at, ...WHY[rule](name), got: name };
  }
  if (isCircular(ensemble, repository)) {
    yield { rule: "F201", at: "ensemble_scheduling", message: "it is made of itself, by way of its steps" };
  }
  for (const [index, step] of steps.entries()) {
    yield* versionProblem(`ensemble_scheduling.step[${index}].model_version`, step, repository);
  }
}

function* versionProblem(at: string, step: Step, { models }: LintRepository): Iterable<CompositionProblem> {
  const { model_name: name = "", model_version: version = 0n } = step;
  const served = models.get(name)?.served ?? [];
  if (version === -1n || served.includes(version) || served.length === 0) return;
  const hint = version === 0n ? "Write model_version: -1 for the latest; left out, it means 0." : undefined;
  const message = `version ${version} of ${name} is not served`;
  yield {
    rule: "F103",
    at,
    message,
    expected: `-1, or one of ${served.join(", ")}`,
    got: `${version}`,
    hint,
  };
}

const WHY = {
  F101: (name: string) => ({ message: `there is no model ${name} that Triton takes` }),
  F102: (name: string) => ({ message: `${name} is refused when it is loaded` }),
  F104: (name: string) => ({ message: `the ensemble ${name} is refused` }),
};

function missing(name: string, { models, unread, refusalOf }: LintRepository): keyof typeof WHY | undefined {
  if (unread.has(name)) return undefined;
  const refusal = refusalOf(name);
  if (!models.has(name) || refusal === "poll") return "F101";
  if (refusal === undefined) return undefined;
  return refusal === "load" ? "F102" : "F104";
}

/** Tensors that do not fit. */
function* mappingProblems(
  ensemble: LintModel,
  { models, open }: LintRepository,
): Iterable<CompositionProblem> {
  const { max_batch_size: max = 0, ensemble_scheduling: scheduling } = ensemble.config;
  const known = ownTensors(ensemble);
  for (const [index, step] of (scheduling?.step ?? []).entries()) {
    const at = `ensemble_scheduling.step[${index}]`;
    const member = models.get(step.model_name ?? "");
    // What it will have is not known, so nothing can be said of what is mapped to it.
    if (member === undefined || open.has(member.name)) continue;
    yield* batchProblem(at, member, max);
    yield* inputProblems({ at, step, member, known });
    yield* outputProblems({ at, step, member, known });
  }
}

/** What an ensemble says of its own tensors. */
function ownTensors({ name: by, config }: LintModel): Map<string, KnownTensor> {
  const known = new Map<string, KnownTensor>();
  const hasBatch = (config.max_batch_size ?? 0) > 0;
  for (const tensor of [...(config.input ?? []), ...(config.output ?? [])]) {
    const { name = "" } = tensor;
    if (!known.has(name)) known.set(name, knownOf(tensor, by, hasBatch, true));
  }
  return known;
}

interface StepPlace {
  readonly at: string;
  readonly step: Step;
  readonly member: LintModel;
  /** What other steps said of the ensemble's tensors; added to. */
  readonly known: Map<string, KnownTensor>;
}

function* batchProblem(at: string, { name, config }: LintModel, max: number): Iterable<CompositionProblem> {
  const own = config.max_batch_size ?? 0;
  if (own === 0 || own >= max) return;
  const message = `${name} takes smaller batches than the ensemble`;
  yield { rule: "F301", at, message, expected: `max_batch_size ${max} or more`, got: `${own}` };
}

function* inputProblems({ at, step, member, known }: StepPlace): Iterable<CompositionProblem> {
  const declared = member.config.input ?? [];
  const mapped = step.input_map ?? {};
  for (const key of Object.keys(mapped)) {
    if (declared.some(({ name }) => name === key)) continue;
    yield {
      rule: "F401",
      at: entry(at, "input_map", key),
      message: `${member.name} has no input ${key}`,
      got: key,
    };
  }
  for (const tensor of declared) {
    const { name = "", optional = false } = tensor;
    const target = Object.hasOwn(mapped, name) ? mapped[name] : undefined;
    if (target === undefined) {
      if (!optional)
        yield { rule: "F402", at, message: `nothing is mapped to the input ${name} of ${member.name}` };
    } else yield* agree(entry(at, "input_map", name), target, tensor, { member, known });
  }
}

function* outputProblems({ at, step, member, known }: StepPlace): Iterable<CompositionProblem> {
  const declared = member.config.output ?? [];
  for (const [key, target] of Object.entries(step.output_map ?? {})) {
    const place = entry(at, "output_map", key);
    const tensor = declared.find(({ name }) => name === key);
    if (tensor === undefined) {
      yield { rule: "F403", at: place, message: `${member.name} has no output ${key}`, got: key };
    } else yield* agree(place, target, tensor, { member, known });
    if (declared.filter(({ name }) => name === key).length > 1)
      yield { rule: "F404", at: place, message: `${member.name} has two outputs ${key}`, got: key };
  }
}

function entry(at: string, map: "input_map" | "output_map", key: string): string {
  return `${at}.${map}[${JSON.stringify(key)}]`;
}

/** Whether what a model says of a tensor is what was said of it before; the first one says it. */
function* agree(
  at: string,
  name: string,
  tensor: Io,
  { member, known }: Pick<StepPlace, "member" | "known">,
): Iterable<CompositionProblem> {
  const mine = knownOf(tensor, member.name, (member.config.max_batch_size ?? 0) > 0, false);
  const before = known.get(name);
  if (before === undefined) known.set(name, mine);
  else if (before.type !== mine.type) {
    const message = `${name}: ${before.by} says ${before.type}, ${mine.by} says ${mine.type}`;
    yield { rule: "F501", at, message, expected: before.type, got: mine.type };
  } else if (!same(before.dims, mine.dims) && !same(before.full, mine.full)) {
    const [expected, got] = [dimsText(before.full), dimsText(mine.full)];
    yield {
      rule: "F601",
      at,
      message: `${name}: ${before.by} says ${expected}, ${mine.by} says ${got}`,
      expected,
      got,
    };
  }
}

function knownOf(tensor: Io, by: string, hasBatch: boolean, isEnsemble: boolean): KnownTensor {
  const dims = (isEnsemble ? tensor.reshape?.shape : undefined) ?? tensor.dims ?? [];
  const type = String(tensor.data_type ?? "TYPE_INVALID");
  return { by, type, dims, full: hasBatch ? [-1n, ...dims] : dims };
}

function same(one: readonly bigint[], other: readonly bigint[]): boolean {
  return (
    one.length === other.length &&
    one.every((dim, at) => dim === other[at] || dim === -1n || other[at] === -1n)
  );
}

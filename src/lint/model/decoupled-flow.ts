import type { LintModel, LintRepository, Problem } from "./model.ts";

/** A tensor, and which stream of answers it belongs to: each decoupled step begins one. */
interface FlowTensor {
  readonly sources: FlowTensor[];
  readonly users: FlowTensor[];
  /** The step that gives it. */
  step?: FlowStep;
  stream: number;
  isSeen: boolean;
}

interface FlowStep {
  readonly at: string;
  readonly model: string;
  readonly isDecoupled: boolean;
  /** Outputs of one step are of one stream. */
  stream?: number;
}

/** The flow of an ensemble, with a last tensor that is made from all outputs together. */
function flowOf({ config }: LintModel, { models }: LintRepository): Map<string, FlowTensor> {
  const flow = new Map<string, FlowTensor>();
  for (const [index, step] of (config.ensemble_scheduling?.step ?? []).entries()) {
    const model = step.model_name ?? "";
    const isDecoupled = isDecoupledModel(models.get(model), models);
    const place: FlowStep = { at: `ensemble_scheduling.step[${index}]`, model, isDecoupled };
    const sources = Object.values(step.input_map ?? {}).map((name) => tensorIn(flow, name));
    for (const name of Object.values(step.output_map ?? {})) link(tensorIn(flow, name), sources, place);
  }
  const outputs = (config.output ?? []).map(({ name = "" }) => tensorIn(flow, name));
  link(tensorIn(flow, SINK), outputs, { at: "output", model: "the ensemble itself", isDecoupled: false });
  return flow;
}

const SINK = "\0";

/** An ensemble is what its steps are, whatever it says itself. */
function isDecoupledModel(
  model: LintModel | undefined,
  models: LintRepository["models"],
  depth = 0,
): boolean {
  const { ensemble_scheduling: scheduling, model_transaction_policy: policy } = model?.config ?? {};
  if (scheduling === undefined) return policy?.decoupled === true;
  // Circles are refused by another rule.
  if (depth > 20) return false;
  return (scheduling.step ?? []).some((step) =>
    isDecoupledModel(models.get(step.model_name ?? ""), models, depth + 1),
  );
}

/** Whether an ensemble has a decoupled step, which makes it decoupled. */
export function isDecoupledEnsemble(model: LintModel, { models }: LintRepository): boolean {
  return isDecoupledModel(model, models);
}

function tensorIn(flow: Map<string, FlowTensor>, name: string): FlowTensor {
  const tensor = flow.get(name) ?? { sources: [], users: [], stream: 0, isSeen: false };
  flow.set(name, tensor);
  return tensor;
}

function link(tensor: FlowTensor, sources: readonly FlowTensor[], step: FlowStep): void {
  tensor.step = step;
  tensor.sources.push(...sources);
  for (const source of sources) source.users.push(tensor);
}

/** The step that takes tensors of two streams, whose answers do not come together. */
export function* decoupledClash(
  ensemble: LintModel,
  repository: LintRepository,
): Iterable<Problem & { readonly rule: string }> {
  const flow = flowOf(ensemble, repository);
  const queue = (ensemble.config.input ?? []).flatMap(({ name = "" }) => flow.get(name) ?? []);
  for (const tensor of queue) tensor.isSeen = true;
  const counter = { streams: 0 };
  // The list grows while it is gone through.
  for (const tensor of queue) {
    for (const user of tensor.users.filter(isNext)) {
      if (isMixed(user)) {
        const { at, model } = user.step;
        yield { rule: "F701", at, message: `${model} takes answers of different decoupled models` };
        return;
      }
      join(user, counter);
      queue.push(user);
    }
  }
}

/** A tensor that a step gives. */
type GivenTensor = FlowTensor & { step: FlowStep };

function isNext(tensor: FlowTensor): tensor is GivenTensor {
  return !tensor.isSeen && tensor.step !== undefined && tensor.sources.every(({ isSeen }) => isSeen);
}

function streamOf({ sources }: FlowTensor): number {
  return sources[0]?.stream ?? 0;
}

function isMixed(tensor: FlowTensor): boolean {
  return tensor.sources.some(({ stream }) => stream !== streamOf(tensor));
}

/** Gives a tensor the stream of its sources, or one of its own that the other outputs of the step share. */
function join(tensor: GivenTensor, counter: { streams: number }): void {
  const { step } = tensor;
  step.stream ??= step.isDecoupled ? ++counter.streams : streamOf(tensor);
  tensor.stream = step.stream;
  tensor.isSeen = true;
}

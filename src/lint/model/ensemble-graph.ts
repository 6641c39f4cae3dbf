import type { ModelConfigMessage } from "../../model-config/index.ts";

/** A tensor of an ensemble: which others it is made from, and which are made from it. */
export interface GraphTensor {
  readonly name: string;
  /** A place where it is written or read. */
  readonly at: string;
  /** Tensors that its step takes. */
  readonly sources: GraphTensor[];
  /** Tensors that are made from it. */
  readonly users: GraphTensor[];
  /** True where a step gives it. */
  isGiven: boolean;
  /** True where it can be made from the ensemble's inputs. */
  isReady: boolean;
}

/** A tensor that two steps give, or one twice. */
export interface DoubleTensor {
  readonly at: string;
  readonly name: string;
}

/** The flow of tensors in an ensemble, as Triton draws it. */
export interface EnsembleGraph {
  readonly tensors: ReadonlyMap<string, GraphTensor>;
  readonly doubles: readonly DoubleTensor[];
}

type Scheduling = NonNullable<ModelConfigMessage["ensemble_scheduling"]>;
type Step = NonNullable<Scheduling["step"]>[number];

/** Draws the graph, and marks what can be made from the inputs. */
export function graphOf(config: ModelConfigMessage): EnsembleGraph {
  const tensors = new Map<string, GraphTensor>();
  const doubles: DoubleTensor[] = [];
  for (const [index, step] of (config.ensemble_scheduling?.step ?? []).entries()) {
    addStep({ tensors, doubles }, step, `ensemble_scheduling.step[${index}]`);
  }
  for (const { name = "" } of config.input ?? []) markReady(tensors.get(name));
  return { tensors, doubles };
}

function addStep(
  graph: { tensors: Map<string, GraphTensor>; doubles: DoubleTensor[] },
  { input_map: inputs = {}, output_map: outputs = {} }: Step,
  at: string,
): void {
  const given = Object.entries(outputs).map(([output, name]) => {
    const place = `${at}.output_map[${JSON.stringify(output)}]`;
    const tensor = tensorIn(graph.tensors, name, place);
    if (tensor.isGiven) graph.doubles.push({ at: place, name });
    tensor.isGiven = true;
    return tensor;
  });
  for (const [input, name] of Object.entries(inputs)) {
    const tensor = tensorIn(graph.tensors, name, `${at}.input_map[${JSON.stringify(input)}]`);
    for (const made of given) {
      made.sources.push(tensor);
      tensor.users.push(made);
    }
  }
}

function tensorIn(tensors: Map<string, GraphTensor>, name: string, at: string): GraphTensor {
  const found = tensors.get(name);
  if (found !== undefined) return found;
  const made: GraphTensor = { name, at, sources: [], users: [], isGiven: false, isReady: false };
  tensors.set(name, made);
  return made;
}

/** Marks a tensor, and all that can now be made. */
function markReady(first: GraphTensor | undefined): void {
  if (first === undefined) return;
  first.isReady = true;
  const queue = [first];
  for (let tensor = queue.pop(); tensor !== undefined; tensor = queue.pop()) {
    for (const user of tensor.users) {
      if (user.isReady || !user.sources.every(({ isReady }) => isReady)) continue;
      user.isReady = true;
      queue.push(user);
    }
  }
}

/** The tensor furthest back that keeps another from being made; undefined where it is not made from any. */
export function missingSource(tensor: GraphTensor): GraphTensor | undefined {
  const seen = new Set<GraphTensor>([tensor]);
  const next = (at: GraphTensor): GraphTensor | undefined =>
    at.sources.find((source) => !source.isReady && !seen.has(source));
  let last: GraphTensor | undefined;
  for (let at = next(tensor); at !== undefined; at = next(at)) {
    seen.add(at);
    last = at;
  }
  return last;
}

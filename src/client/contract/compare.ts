import type { Finding } from "../../errors/index.ts";
import type { ModelContract } from "../../model-config/index.ts";
import { formatShape, type TensorSpec } from "../../tensor/index.ts";
import { wireDims } from "../inference/wire-dims.ts";
import type { TensorMessage } from "../protocol/messages.ts";
import { shownName } from "../shown.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { LiveModel } from "./live.ts";

type Side = "inputs" | "outputs";

/** One way in which a server is not what a contract says. */
export interface ContractDifference extends Finding {
  /** Place in the contract, such as `models.tokenizer.inputs.PROMPT`. */
  readonly path: string;
  /** What the contract says of it; `none` where it knows no such thing. */
  readonly expected: string;
  /** What the server says of it; `none` where it has no such thing. */
  readonly got: string;
}

/** One difference for each way in which a live model is not what the contract says. */
export function compareModel(name: string, model: ModelContract, live: LiveModel): ContractDifference[] {
  const path = `models.${shownName(name)}`;
  return [
    ...(["inputs", "outputs"] as const).flatMap((side) => [
      ...model[side].flatMap((spec) => compareTensor(path, side, spec, model, live)),
      ...extraTensors(path, side, model[side], live.metadata[side]),
    ]),
    ...compareConfig(path, model, live.contract),
  ];
}

/** What only the configuration tells, where the server shows it. */
function compareConfig(
  path: string,
  model: ModelContract,
  live: ModelContract | undefined,
): ContractDifference[] {
  if (live === undefined) return [];
  return [
    ...difference("decoupled", `${path}.decoupled`, String(model.decoupled), String(live.decoupled)),
    ...difference(
      "max-batch-size",
      `${path}.maxBatchSize`,
      String(model.maxBatchSize),
      String(live.maxBatchSize),
    ),
  ];
}

function compareTensor(
  model: string,
  side: Side,
  spec: TensorSpec,
  contract: ModelContract,
  { metadata, contract: live }: LiveModel,
): ContractDifference[] {
  const path = `${model}.${side}.${shownName(spec.name)}`;
  const found = metadata[side].find((tensor) => tensor.name === spec.name);
  const dims = wireDims(spec.dims, contract);
  if (found === undefined) {
    const message = `${path}: the server has no such tensor.`;
    const expected = `${spec.datatype} ${formatShape(dims)}`;
    return [{ rule: `missing-${singular(side)}`, message, path, expected, got: "none" }];
  }
  const config = side === "inputs" ? live?.inputs.find(({ name }) => name === spec.name) : undefined;
  return [
    ...difference("datatype", path, spec.datatype, cleanText(found.datatype)),
    ...difference("shape", path, formatShape(dims), shapeOf(found)),
    ...(config === undefined ? [] : difference("optional", path, isOptional(spec), isOptional(config))),
  ];
}

function isOptional({ optional }: TensorSpec): string {
  return String(optional ?? false);
}

function extraTensors(
  model: string,
  side: Side,
  specs: readonly TensorSpec[],
  live: readonly TensorMessage[],
): ContractDifference[] {
  const extra = live.filter((tensor) => !specs.some((spec) => spec.name === tensor.name));
  return extra.map((tensor) => {
    const path = `${model}.${side}.${shownName(tensor.name)}`;
    const message = `${path}: the contract has no such tensor.`;
    const got = `${cleanText(tensor.datatype)} ${shapeOf(tensor)}`;
    return { rule: `extra-${singular(side)}`, message, path, expected: "none", got };
  });
}

function shapeOf(tensor: TensorMessage): string {
  return formatShape(tensor.shape.map(Number));
}

function difference(rule: string, path: string, expected: string, got: string): ContractDifference[] {
  if (expected === got) return [];
  return [{ rule, message: `${path}: expected ${rule} ${expected}, got ${got}.`, path, expected, got }];
}

function singular(side: Side): string {
  return side.slice(0, -1);
}

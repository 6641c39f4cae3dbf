import type { Finding } from "../../errors/index.ts";
import type { ModelContract } from "../../model-config/index.ts";
import { formatShape, type TensorSpec } from "../../tensor/index.ts";
import { wireDims } from "../inference/check-inputs.ts";
import type { ModelMetadataResponse, TensorMessage } from "../protocol/messages.ts";
import { cleanText } from "../transport/clean-text.ts";

type Side = "inputs" | "outputs";

/** One finding for each way in which a live model is not what the contract says. */
export function compareModel(name: string, model: ModelContract, live: ModelMetadataResponse): Finding[] {
  return (["inputs", "outputs"] as const).flatMap((side) => [
    ...model[side].flatMap((spec) => compareTensor(name, side, spec, model, live[side])),
    ...extraTensors(name, side, model[side], live[side]),
  ]);
}

function compareTensor(
  name: string,
  side: Side,
  spec: TensorSpec,
  model: ModelContract,
  live: readonly TensorMessage[],
): Finding[] {
  const path = `models.${name}.${side}.${spec.name}`;
  const found = live.find((tensor) => tensor.name === spec.name);
  if (found === undefined) {
    return [{ rule: `missing-${singular(side)}`, message: `${path}: the server has no such tensor.`, path }];
  }
  const want = formatShape(wireDims(spec.dims, model));
  const got = formatShape(found.shape.map(Number));
  return [
    ...difference("datatype", path, spec.datatype, cleanText(found.datatype)),
    ...difference("shape", path, want, got),
  ];
}

function extraTensors(
  name: string,
  side: Side,
  specs: readonly TensorSpec[],
  live: readonly TensorMessage[],
): Finding[] {
  const extra = live.filter((tensor) => !specs.some((spec) => spec.name === tensor.name));
  return extra.map((tensor) => {
    const path = `models.${name}.${side}.${cleanText(tensor.name)}`;
    return { rule: `extra-${singular(side)}`, message: `${path}: the contract has no such tensor.`, path };
  });
}

function difference(rule: string, path: string, want: string, got: string): Finding[] {
  return want === got ? [] : [{ rule, message: `${path}: expected ${rule} ${want}, got ${got}.`, path }];
}

function singular(side: Side): string {
  return side.slice(0, -1);
}

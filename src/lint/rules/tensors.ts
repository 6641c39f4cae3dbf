import type { LintModel, Problem } from "../model/model.ts";
import { countOf, dimsText, segmentsOf, type TensorPlace, tensorsOf } from "../model/tensors.ts";
import { added, type CheckedRule, PLAN_BASE, planModel, replaced } from "./define.ts";

type Found = Omit<Problem, "at"> & { readonly in?: string };

/** A rule on each input and output. */
function onTensors(
  rule: Omit<CheckedRule, "severity" | "phase" | "check">,
  check: (place: TensorPlace, model: LintModel) => Found | undefined,
): CheckedRule {
  return {
    ...rule,
    severity: "error",
    phase: "tensors",
    *check(model) {
      for (const place of tensorsOf(model.config)) {
        const found = check(place, model);
        if (found === undefined) continue;
        const { in: below, ...problem } = found;
        yield { at: below === undefined ? place.at : `${place.at}.${below}`, ...problem };
      }
    },
  };
}

const INPUT = 'input { name: "IN" data_type: TYPE_FP32 dims: [ 4 ] }';
const DIMS = "dims: [ 4 ]";

/** A dim that is neither free nor a size. */
function wrongDim(dims: readonly bigint[]): number | undefined {
  const index = dims.findIndex((dim) => dim < 1n && dim !== -1n);
  return index < 0 ? undefined : index;
}

function isPlan({ config }: LintModel): boolean {
  return config.platform === "tensorrt_plan";
}

/** Whether dims and reshape hold as many elements, segment by segment where some are free. */
function sameSize(dims: readonly bigint[], shape: readonly bigint[]): boolean {
  const [all, reshaped] = [countOf(dims), countOf(shape)];
  if (all !== reshaped && !(reshaped === 0n && all === 1n)) return false;
  const [one, other] = [segmentsOf(dims), segmentsOf(shape)];
  // Where their number differs, there is another complaint.
  return (
    all !== -1n || one.length !== other.length || one.every((product, index) => product === other[index])
  );
}

/** Inputs and outputs, one by one (I). */
export const TENSOR_RULES: readonly CheckedRule[] = [
  onTensors(
    {
      id: "I101",
      phrase: "must specify 'name'",
      what: "An input or output without a name.",
      mend: "Write its name.",
      example: replaced('name: "IN" ', ""),
    },
    ({ tensor: { name = "" } }) => (name === "" ? { message: "it has no name" } : undefined),
  ),
  onTensors(
    {
      id: "I102",
      phrase: "must specify 'data_type'",
      isCompletable: true,
      what: "An input or output without a datatype.",
      mend: "Write data_type, such as TYPE_FP32.",
      example: replaced("data_type: TYPE_FP32 ", ""),
    },
    ({ tensor: { data_type: type = "TYPE_INVALID" } }) =>
      type === "TYPE_INVALID" ? { message: "it has no data_type" } : undefined,
  ),
  onTensors(
    {
      id: "I103",
      phrase: "must specify 'dims'",
      isCompletable: true,
      what: "An input or output without dims.",
      mend: "Write dims; a single value is [ 1 ], a free size -1.",
      example: replaced(` ${DIMS}`, "", ` ${DIMS}`),
    },
    ({ tensor: { dims = [] } }) => (dims.length === 0 ? { message: "it has no dims" } : undefined),
  ),
  onTensors(
    {
      id: "I201",
      phrase: "dimension must be integer >= 1, or",
      what: "A dim that is neither a size nor -1.",
      mend: "Write the size, or -1 where it is free.",
      example: replaced(DIMS, "dims: [ 0 ]"),
    },
    ({ tensor: { dims = [] } }) => {
      const index = wrongDim(dims);
      if (index === undefined) return undefined;
      return {
        in: `dims[${index}]`,
        message: "no size",
        expected: "1 or more, or -1",
        got: `${dims[index]}`,
      };
    },
  ),
  onTensors(
    {
      id: "I301",
      phrase: "reshape dimensions must be integer >= 1, or",
      what: "A dim of a reshape that is neither a size nor -1.",
      mend: "Write the size, or -1 where it is free.",
      example: replaced(DIMS, `${DIMS} reshape { shape: [ 4, 0 ] }`, `${DIMS} reshape { shape: [ 4, 1 ] }`),
    },
    ({ tensor: { reshape } }) => {
      const { shape = [] } = reshape ?? {};
      const index = wrongDim(shape);
      if (index === undefined) return undefined;
      const got = `${shape[index]}`;
      return { in: `reshape.shape[${index}]`, message: "no size", expected: "1 or more, or -1", got };
    },
  ),
  onTensors(
    {
      id: "I401",
      phrase: "cannot have empty reshape for non-batching model",
      isCompletable: true,
      what: "A reshape to no dims at all, in a model without batches.",
      mend: "Write a shape, or give the model batches.",
      example: replaced(DIMS, "dims: [ 1 ] reshape { }", "dims: [ 1 ] reshape { shape: [ 1, 1 ] }"),
    },
    ({ tensor: { reshape } }, { config: { max_batch_size: max = 0 } }) =>
      reshape !== undefined && (reshape.shape ?? []).length === 0 && max === 0
        ? { in: "reshape", message: "it is empty, and the model has no batches" }
        : undefined,
  ),
  onTensors(
    {
      id: "I501",
      phrase: "has different size for dims and reshape",
      what: "A reshape holds other than as many elements; between free dims, each piece counts by itself.",
      mend: "Write a shape of the same number of elements.",
      example: replaced(DIMS, `${DIMS} reshape { shape: [ 2, 3 ] }`, `${DIMS} reshape { shape: [ 2, 2 ] }`),
    },
    ({ tensor: { dims = [], reshape } }, { config: { max_batch_size: max = 0 } }) => {
      const { shape = [] } = reshape ?? {};
      const isOther = wrongDim(dims) !== undefined || wrongDim(shape) !== undefined || dims.length === 0;
      if (reshape === undefined || isOther || (shape.length === 0 && max === 0) || sameSize(dims, shape)) {
        return undefined;
      }
      return {
        in: "reshape",
        message: "it holds other than as many elements as dims",
        expected: `as many as in ${dimsText(dims)}`,
        got: dimsText(shape),
      };
    },
  ),
  onTensors(
    {
      id: "I502",
      phrase: "has different number of variable-size dimensions",
      what: "A reshape has other than as many free dims.",
      mend: "Write -1 as often in shape as in dims.",
      example: replaced(
        DIMS,
        "dims: [ -1, 4 ] reshape { shape: [ -1, -1 ] }",
        "dims: [ -1, 4 ] reshape { shape: [ -1, 2, 2 ] }",
      ),
    },
    ({ tensor: { dims = [], reshape } }) => {
      const { shape = [] } = reshape ?? {};
      if (!dims.includes(-1n) || !shape.includes(-1n)) return undefined;
      const [one, other] = [segmentsOf(dims).length - 1, segmentsOf(shape).length - 1];
      if (one === other) return undefined;
      return { in: "reshape", message: "other than as many free dims", expected: `${one}`, got: `${other}` };
    },
  ),
  onTensors(
    {
      id: "I601",
      phrase: "model input NHWC/NCHW require 3 dims",
      what: "A format of pictures on an input that has not three dims.",
      mend: "Take `format` away, or write three dims without the batch.",
      example: replaced(DIMS, `format: FORMAT_NCHW ${DIMS}`, "format: FORMAT_NCHW dims: [ 3, 8, 8 ]"),
    },
    ({ role, tensor: { format = "FORMAT_NONE", dims = [] } }) =>
      role === "input" && (format === "FORMAT_NHWC" || format === "FORMAT_NCHW") && dims.length !== 3
        ? {
            in: "format",
            message: `${format} with ${dims.length} dims`,
            expected: "3 dims",
            got: `${dims.length}`,
          }
        : undefined,
  ),
  onTensors(
    {
      id: "I701",
      phrase: "shape tensors are only supported for TensorRT platform",
      what: "A shape tensor outside TensorRT.",
      mend: "Take `is_shape_tensor` away.",
      example: replaced(DIMS, `${DIMS} is_shape_tensor: true`),
    },
    ({ tensor: { is_shape_tensor: isShape = false } }, model) =>
      isShape && !isPlan(model)
        ? { in: "is_shape_tensor", message: "the model is no TensorRT plan" }
        : undefined,
  ),
  onTensors(
    {
      id: "I801",
      phrase: "Non-linear IO format is only supported for the TensorRT platform",
      what: "A non-linear format outside TensorRT.",
      mend: "Take `is_non_linear_format_io` away.",
      example: replaced(DIMS, `${DIMS} is_non_linear_format_io: true`),
    },
    ({ tensor: { is_non_linear_format_io: isPacked = false } }, model) =>
      isPacked && !isPlan(model)
        ? { in: "is_non_linear_format_io", message: "the model is no TensorRT plan" }
        : undefined,
  ),
  onTensors(
    {
      id: "I802",
      phrase: "requires 3 dims",
      what: "A non-linear format needs three dims.",
      mend: "Write three dims without the batch, or take `is_non_linear_format_io` away.",
      example: {
        failing: planModel(PLAN_BASE.replace(DIMS, `${DIMS} is_non_linear_format_io: true`)),
        mended: planModel(PLAN_BASE),
      },
    },
    ({ tensor: { is_non_linear_format_io: isPacked = false, dims = [] } }, model) =>
      isPacked && isPlan(model) && dims.length !== 3
        ? {
            in: "is_non_linear_format_io",
            message: "a non-linear format",
            expected: "3 dims",
            got: `${dims.length}`,
          }
        : undefined,
  ),
  {
    id: "I1001",
    severity: "warning",
    phase: "tensors",
    what: "More elements than 64 bits can count; newer releases refuse it.",
    mend: "Correct the dims.",
    example: replaced(DIMS, "dims: [ 4294967296, 4294967296 ]"),
    *check({ config }) {
      for (const { at, tensor } of tensorsOf(config)) {
        const count = countOf(tensor.dims ?? []);
        if (count >= 2n ** 63n)
          yield { at: `${at}.dims`, message: "more elements than can be", got: `${count}` };
      }
    },
  },
  {
    id: "I1101",
    severity: "warning",
    phase: "tensors",
    what: "Two inputs, or two outputs, of one name: Triton drops one without a word.",
    mend: "Give each its own name.",
    example: added(INPUT, INPUT.replace("IN", "IN_2")),
    *check({ config }) {
      const seen = new Set<string>();
      for (const { at, role, tensor } of tensorsOf(config)) {
        const key = `${role} ${tensor.name ?? ""}`;
        if (seen.has(key) && tensor.name !== undefined)
          yield { at: `${at}.name`, message: `${key} is there twice` };
        seen.add(key);
      }
    },
  },
];

export { booleansOf } from "./bool.ts";
export { stringsOf } from "./bytes.ts";
export { DATATYPES, type Datatype, type TensorSpec } from "./datatype.ts";
export {
  byteSize,
  DATATYPE_FACTS,
  type DatatypeFacts,
  fromConfigType,
  toConfigType,
} from "./datatype-facts.ts";
export { bf16ToFloat32, float32ToBf16, float32ToFp16, fp16ToFloat32 } from "./half.ts";
export { elementCount, formatShape, shapeFits } from "./shape.ts";
export { decodeTensor, encodeTensor, hasDatatype, shaped, tensor } from "./tensor.ts";
export type { ShapeOf, Tensor, TensorData, TensorDataMap, TensorInput } from "./types.ts";

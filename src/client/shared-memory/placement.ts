import { byteSize, DATATYPES, elementCount } from "../../tensor/index.ts";
import type { InferParameters, ModelInferRequest, ModelInferResponse } from "../protocol/messages.ts";
import type { RegionLease } from "./types.ts";

/** Where a tensor lies in a region. */
interface Place {
  readonly offset: number;
  readonly length: number;
}

/** Which tensors of a request go by shared memory, and where each lies. */
export interface Placement {
  /** Of the whole region. */
  readonly byteSize: number;
  /** Inputs by their position. */
  readonly inputs: ReadonlyMap<number, Place>;
  /** Outputs by name. */
  readonly outputs: ReadonlyMap<string, Place>;
}

/** Every datatype's elements are aligned here, whatever a server does with them. */
const ALIGNMENT = 64;

/**
 * The places of all tensors that are large enough; undefined where none is.
 *
 * @param outputBytes - Sizes of the outputs as far as they are known beforehand.
 */
export function placementOf(
  request: ModelInferRequest,
  outputBytes: ReadonlyMap<string, number>,
  minTensorBytes: number,
): Placement | undefined {
  let end = 0;
  const place = (length: number): Place => {
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    end = offset + length;
    return { offset, length };
  };
  const inputs = new Map<number, Place>();
  for (const [at, bytes] of request.raw_input_contents.entries()) {
    if (bytes.length >= minTensorBytes) inputs.set(at, place(bytes.length));
  }
  const outputs = new Map<string, Place>();
  for (const { name, parameters } of request.outputs) {
    // What is asked for as classes is not as large as the tensor, and comes over the connection.
    const length = parameters === undefined ? (outputBytes.get(name) ?? 0) : 0;
    if (length >= minTensorBytes) outputs.set(name, place(length));
  }
  return end === 0 ? undefined : { byteSize: end, inputs, outputs };
}

/** Writes the inputs that have a place into the region, and gives the request that points there. */
export async function writeInputs(
  request: ModelInferRequest,
  { inputs, outputs }: Placement,
  lease: RegionLease,
): Promise<ModelInferRequest> {
  for (const [at, { offset }] of inputs) {
    const bytes = request.raw_input_contents[at];
    if (bytes !== undefined) await lease.write(bytes, offset);
  }
  return {
    ...request,
    inputs: request.inputs.map((input, at) => pointed(input, inputs.get(at), lease.name)),
    outputs: request.outputs.map((output) => pointed(output, outputs.get(output.name), lease.name)),
    raw_input_contents: request.raw_input_contents.filter((_, at) => !inputs.has(at)),
  };
}

/** The response with the data of the outputs that lie in the region. */
export async function readOutputs(
  response: ModelInferResponse,
  { outputs }: Placement,
  lease: RegionLease,
): Promise<ModelInferResponse> {
  const raw = await Promise.all(
    response.raw_output_contents.map(async (inline, at) => {
      const output = response.outputs[at];
      const place = outputs.get(output?.name ?? "");
      if (output === undefined || place === undefined || inline.length > 0) return inline;
      const bytes = Buffer.allocUnsafeSlow(Math.min(place.length, sizeOf(output)));
      await lease.read(bytes, place.offset);
      return bytes;
    }),
  );
  return { ...response, raw_output_contents: raw };
}

/** Bytes of a tensor as the server describes it; what makes no sense has none, and is refused when it is decoded. */
function sizeOf({ datatype, shape }: ModelInferResponse["outputs"][number]): number {
  const known = DATATYPES.find((name) => name === datatype);
  const each = known === undefined ? undefined : byteSize(known);
  if (each === undefined) return 0;
  try {
    return elementCount(shape.map(Number)) * each;
  } catch {
    return 0;
  }
}

function pointed<T extends { readonly parameters?: InferParameters }>(
  tensor: T,
  place: Place | undefined,
  region: string,
): T {
  if (place === undefined) return tensor;
  const where: InferParameters = {
    shared_memory_region: { string_param: region },
    shared_memory_byte_size: { int64_param: place.length },
    shared_memory_offset: { int64_param: place.offset },
  };
  return { ...tensor, parameters: { ...tensor.parameters, ...where } };
}

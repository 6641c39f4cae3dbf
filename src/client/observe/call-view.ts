import { DATATYPES } from "../../tensor/index.ts";
import { fromWire } from "../inference/parameters.ts";
import type { ModelInferRequest, ModelInferResponse, Rpcs, TensorMessage } from "../protocol/messages.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { TransportCall } from "../transport/context.ts";
import { CallClock } from "./clock.ts";
import type { Answer, Call, TensorSummary } from "./middleware.ts";

/** What all middlewares of a call share. */
export interface CallFrame {
  readonly rpc: keyof Rpcs;
  readonly endpoint: string;
  readonly request: object;
  readonly call: TransportCall;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** A call for middlewares; what few ask for is only made when they do. */
export class CallView implements Call {
  readonly rpc: keyof Rpcs;
  readonly endpoint: string;
  readonly model: string | undefined;
  readonly headers: Call["headers"];
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly #request: Partial<ModelInferRequest>;

  constructor(frame: CallFrame) {
    this.rpc = frame.rpc;
    this.endpoint = frame.endpoint;
    this.model = frame.call.model;
    this.deadlineMs = frame.deadlineMs;
    this.signal = frame.signal;
    this.#request = frame.request;
    const given = Object.entries(frame.call.headers ?? {});
    this.headers = new Map(given.map(([name, value]) => [name.toLowerCase(), value]));
  }

  get requestId(): string {
    return this.#request.id ?? "";
  }

  get inputs(): readonly TensorSummary[] {
    return summariesOf(this.#request.inputs, this.#request.raw_input_contents);
  }

  get wanted(): readonly string[] {
    return (this.#request.outputs ?? []).map(({ name }) => name);
  }

  get parameters(): Call["parameters"] {
    return fromWire(this.#request.parameters ?? {});
  }
}

/** An answer for middlewares. */
export function answerOf(response: object, { watch }: TransportCall, final: boolean): Answer {
  const {
    model_version: version,
    outputs,
    raw_output_contents: raw,
  } = response as Partial<ModelInferResponse>;
  return {
    modelVersion: version === undefined ? undefined : cleanText(version),
    outputs: summariesOf(outputs, raw),
    final,
    timings: watch instanceof CallClock ? watch.latest : undefined,
  };
}

function summariesOf(
  tensors: readonly TensorMessage[] = [],
  contents: readonly Uint8Array[] = [],
): TensorSummary[] {
  return tensors.map(({ name, datatype, shape }, at) => ({
    name: cleanText(name),
    datatype: DATATYPES.find((known) => known === datatype) ?? "unknown",
    shape: shape.map(Number),
    bytes: contents[at]?.length,
  }));
}

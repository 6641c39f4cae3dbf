import type { Contract, ModelContract } from "../../model-config/index.ts";
import type { ShapeOf, Tensor, TensorSpec } from "../../tensor/index.ts";
import type { CallOptions } from "../options.ts";

/** Tensors that must be given. */
type RequiredOf<S extends TensorSpec> = Exclude<S, { readonly optional: true }>;

/** A tensor as it is sent: a model with batches has one dim more than its contract says. */
type WireShape<M extends ModelContract, S extends TensorSpec> = number extends M["maxBatchSize"]
  ? readonly number[]
  : M["maxBatchSize"] extends 0
    ? ShapeOf<S["dims"]>
    : number extends S["dims"]["length"]
      ? readonly number[]
      : readonly [number, ...ShapeOf<S["dims"]>];

/** A tensor of the declared datatype and, as far as the contract is a literal, of the declared shape. */
type TensorOf<M extends ModelContract, S extends TensorSpec> = Tensor<S["datatype"], WireShape<M, S>>;

/** Inputs of a model by name: tensors of the declared datatype and shape, optional ones optional. */
export type InputsOf<M extends ModelContract> = {
  readonly [S in RequiredOf<M["inputs"][number]> as S["name"]]: TensorOf<M, S>;
} & {
  readonly [S in Extract<M["inputs"][number], { readonly optional: true }> as S["name"]]?:
    | TensorOf<M, S>
    | undefined;
};

/** Name of an output of a model. */
export type OutputName<M extends ModelContract> = M["outputs"][number]["name"];

/** Outputs of a model by name; `N` are those that were asked for. */
export type OutputsOf<M extends ModelContract, N extends OutputName<M> = OutputName<M>> = {
  readonly [S in M["outputs"][number] as Extract<S["name"], N>]: TensorOf<M, S>;
};

/** A value that goes along with a request or a response. */
export type ParameterValue = boolean | number | bigint | string;

/** Parameters by name. */
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** What a call to a model takes; `N` are the outputs asked for. */
export interface InferOptions<N extends string = string> extends CallOptions {
  /** Outputs to ask for; all by default. The server may spare itself the work for the others. */
  readonly outputs?: readonly N[] | undefined;
  /** Appears in the server's log and comes back with the response. */
  readonly requestId?: string | undefined;
  /** Handed to the model. Names that steer the server itself (`priority`, `triton_…`) are refused. */
  readonly parameters?: ParameterValues | undefined;
}

/** What a model answered. */
export interface Inference<Outputs> {
  readonly outputs: Outputs;
  readonly modelVersion: string;
  readonly requestId: string;
  readonly parameters: ParameterValues;
}

/** One of several answers of a model; each may carry only some of the outputs. */
export interface PartialInference<Outputs> extends Inference<Partial<Outputs>> {
  /** True for the last answer. A stream may also end without such a one. */
  readonly final: boolean;
}

/** A model that answers each request once. */
export interface UnaryModel<M extends ModelContract> {
  /**
   * Runs the model.
   *
   * @throws TriptychError `request-invalid` before anything is sent if an input does not fit the
   * contract; `response-invalid` if an output does not.
   */
  infer<const N extends OutputName<M> = OutputName<M>>(
    inputs: InputsOf<M>,
    options?: InferOptions<N>,
  ): Promise<Inference<OutputsOf<M, N>>>;
}

/** A model that may answer a request any number of times. */
export interface StreamModel<M extends ModelContract> {
  /**
   * Runs the model; the request is sent when the iteration starts, and each iteration sends it anew.
   * Leaving the loop cancels it at the server.
   */
  stream<const N extends OutputName<M> = OutputName<M>>(
    inputs: InputsOf<M>,
    options?: InferOptions<N>,
  ): AsyncIterable<PartialInference<OutputsOf<M, N>>>;
}

/** How a model is called, which its contract decides; where that is not a literal, look before you call. */
export type ModelClient<M extends ModelContract> = M["decoupled"] extends true
  ? StreamModel<M>
  : M["decoupled"] extends false
    ? UnaryModel<M>
    : Partial<UnaryModel<M> & StreamModel<M>>;

/** All models of a contract by name. */
export type ModelClients<C extends Contract> = {
  readonly [K in keyof C["models"]]: ModelClient<C["models"][K]>;
};

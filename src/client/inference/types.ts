import type { ModelContract } from "../../model-config/index.ts";
import type { ShapeOf, Tensor, TensorSpec } from "../../tensor/index.ts";
import type { AnswerTimings, CallTimings } from "../observe/timings.ts";
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
export type OutputsOf<M extends ModelContract, N extends OutputName<M> = OutputName<M>> = NamedOutputs<M, N>;

/** The outputs that have one of the names, which are not looked at: that would cost the compiler something for each call. */
type NamedOutputs<M extends ModelContract, N extends string> = {
  readonly [S in M["outputs"][number] as Extract<S["name"], N>]: TensorOf<M, S>;
};

/** A name that is one and not a choice of several: what is asked for by it is sure to be there. */
type Lone<N, All = N> = N extends unknown ? ([All] extends [N] ? N : never) : never;

/** The names that are in a list whatever its values are: of a list without a length, only a name that is the only one. */
type Certain<O extends readonly string[]> = number extends O["length"]
  ? Lone<O[number]>
  : { [At in keyof O]: Lone<O[At]> }[number];

/** The names that a list may have or not. */
type Uncertain<O extends readonly string[]> = Exclude<O[number], Certain<O>>;

/**
 * Outputs that come back for the list `O` of those asked for, all where there is none, without those in `K`: where only run
 * time knows whether a name is in the list, its output may be undefined.
 */
export type AskedOutputs<
  M extends ModelContract,
  O extends readonly string[] | undefined,
  K extends string = never,
> = O extends readonly string[]
  ? [Uncertain<O>] extends [never]
    ? NamedOutputs<M, Exclude<O[number], K>>
    : NamedOutputs<M, Exclude<Certain<O>, K>> & Partial<NamedOutputs<M, Exclude<Uncertain<O>, K>>>
  : NamedOutputs<M, Exclude<OutputName<M>, K>>;

/** A value that goes along with a request or a response. */
export type ParameterValue = boolean | number | bigint | string;

/** Parameters by name. */
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** A parameter of a request: a whole number is an int64, other numbers are doubles; `{ double }` is one always. */
export type RequestParameter = ParameterValue | { readonly double: number };

/** Parameters of a request by name. */
export type RequestParameters = Readonly<Record<string, RequestParameter>>;

/** Ties requests together for a model that keeps state between them. */
export interface Sequence {
  /** From 1 to 2^63 − 1, or a text of up to 128 bytes; which of the two, the model's config says. */
  readonly id: number | bigint | string;
  /** True for the first request. */
  readonly start?: boolean | undefined;
  /** True for the last request. */
  readonly end?: boolean | undefined;
}

/** What steers the server rather than the model. */
export interface ControlOptions {
  readonly sequence?: Sequence | undefined;
  /** Level from 1, the highest, to the model's `priority_levels`; 0 is its default. */
  readonly priority?: number | bigint | undefined;
  /**
   * Most microseconds in the model's queue: it shortens the model's own limit, where its queue policy has
   * `allow_timeout_override`. What runs already is not ended by it; `deadlineMs` is for that.
   */
  readonly queueTimeoutUs?: number | bigint | undefined;
}

/** What a call to a model takes; `O` lists the outputs asked for, `K` are those of which only the top classes are. */
export interface AskedOptions<O extends readonly string[] | undefined, K extends string = string>
  extends CallOptions,
    ControlOptions {
  /** Version of the model, such as `"2"`; by default the server picks one, by the model's version policy. */
  readonly version?: string | undefined;
  /** Outputs to ask for; all by default. The server may spare itself the work for the others. */
  readonly outputs?: O | undefined;
  /** Appears in the server's log and comes back with the response. */
  readonly requestId?: string | undefined;
  /** Handed to the model. Names that steer the server itself (`priority`, `triton_…`) are refused. */
  readonly parameters?: RequestParameters | undefined;
  /** How many of the highest elements to send of an output, instead of the output itself; in `classes` of the answer. */
  readonly classes?: Readonly<Record<K, number>> | undefined;
}

/** What a call to a model takes; `N` are the outputs asked for, `K` those of which only the top classes are. */
export type InferOptions<N extends string = string, K extends string = string> = AskedOptions<
  readonly N[],
  K
>;

/** One of the highest elements of an output. */
export interface ClassScore {
  readonly score: number;
  /** Its place among the elements. */
  readonly index: number;
  /** Its name, where the model's config has a file with names. */
  readonly label?: string;
}

/** The highest elements of an output, highest first: one row an item of the batch, one in all without batches. */
export type TopClasses = readonly (readonly ClassScore[])[];

/** What a model answered. */
export interface Inference<Outputs, K extends string = never> {
  readonly outputs: Outputs;
  /** By output, of those whose classes were asked for. */
  readonly classes: Readonly<Record<K, TopClasses>>;
  readonly modelVersion: string;
  readonly requestId: string;
  readonly parameters: ParameterValues;
  /** Where the time of the call went at this end. */
  readonly timings: CallTimings;
}

/** One of several answers of a model; each may carry only some of the outputs. */
export interface PartialInference<Outputs, K extends string = never>
  extends Omit<Inference<Partial<Outputs>, K>, "classes"> {
  /** By output, of those whose classes were asked for and are in this answer. */
  readonly classes: Readonly<Partial<Record<K, TopClasses>>>;
  /** True for the last answer. A stream may also end without such a one. */
  readonly final: boolean;
  /** As of this answer. */
  readonly timings: AnswerTimings;
}

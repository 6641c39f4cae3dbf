import type { TriptychError } from "../../errors/index.ts";
import type { ModelContract } from "../../model-config/index.ts";
import type { AskedOptions, ControlOptions, InferOptions, InputsOf, PartialInference } from "./types.ts";

/** One of many requests; what it says itself goes before what is said for all. */
export interface ManyRequest<Inputs> extends ControlOptions, Pick<InferOptions, "requestId" | "parameters"> {
  readonly inputs: Inputs;
}

/** Requests, as they are there or as they come. */
export type ManyRequests<M extends ModelContract> =
  | Iterable<ManyRequest<InputsOf<M>>>
  | AsyncIterable<ManyRequest<InputsOf<M>>>;

/** What all of many requests take; `O` and `K` are as for one, `deadlineMs` is for each by itself, `signal` ends them all. */
export interface ManyAskedOptions<O extends readonly string[] | undefined, K extends string = string>
  extends Omit<AskedOptions<O, K>, "requestId" | "sequence"> {
  /** Most requests under way at a time, 16 by default. 1 keeps their order. */
  readonly maxInFlight?: number | undefined;
}

/** What all of many requests take; `N` are the outputs asked for, `K` those of which only the top classes are. */
export type ManyOptions<N extends string = string, K extends string = string> = ManyAskedOptions<
  readonly N[],
  K
>;

/** A request that failed. The others go on. */
export interface ManyFailure {
  /** Its place among the requests, from 0. */
  readonly index: number;
  readonly answer?: undefined;
  readonly error: TriptychError;
  readonly last: true;
}

/** One of the answers to one of many requests; every request has one with `last`. */
export type ManyPartialInference<Outputs, K extends string = never> =
  | ManyFailure
  | {
      /** Its place among the requests, from 0. */
      readonly index: number;
      /** Undefined where nothing came but the end. */
      readonly answer: PartialInference<Outputs, K> | undefined;
      readonly error?: undefined;
      /** True where the request is through. */
      readonly last: boolean;
    };

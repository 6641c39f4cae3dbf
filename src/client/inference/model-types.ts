import type { Contract, ModelContract } from "../../model-config/index.ts";
import type { AnswerStream } from "./answer-stream.ts";
import type { ManyAskedOptions, ManyPartialInference, ManyRequests } from "./many-types.ts";
import type {
  AskedOptions,
  AskedOutputs,
  Inference,
  InputsOf,
  OutputName,
  PartialInference,
} from "./types.ts";

/** Names of outputs to ask for. */
type OutputList<M extends ModelContract> = readonly OutputName<M>[];

/** A model that answers each request once. */
export interface UnaryModel<M extends ModelContract> {
  /**
   * Runs the model.
   *
   * @throws TriptychError `request-invalid` before anything is sent if an input does not fit the
   * contract; `response-invalid` if an output does not.
   */
  infer<const O extends OutputList<M> | undefined = undefined, const K extends OutputName<M> = never>(
    inputs: InputsOf<M>,
    options?: AskedOptions<O, K>,
  ): Promise<Inference<AskedOutputs<M, O, K>, K>>;
}

/** A model that may answer a request any number of times. */
export interface StreamModel<M extends ModelContract> {
  /**
   * Runs the model; the request is sent when the iteration starts, and each iteration sends it anew.
   * Leaving the loop cancels it at the server, and so does the end of an `await using`.
   */
  stream<const O extends OutputList<M> | undefined = undefined, const K extends OutputName<M> = never>(
    inputs: InputsOf<M>,
    options?: AskedOptions<O, K>,
  ): AnswerStream<PartialInference<AskedOutputs<M, O, K>, K>>;
  /**
   * Runs the model for many requests that share one gRPC stream to each server. They are sent when the iteration starts,
   * so many at a time; their answers come as they come, each with its request's index, and a request that fails does not
   * end the others. Leaving the loop cancels those that are left; one alone cannot be cancelled at the server.
   *
   * @throws TriptychError in the loop `cancelled` where the signal aborts, `request-invalid` for options that do not fit.
   */
  streamMany<const O extends OutputList<M> | undefined = undefined, const K extends OutputName<M> = never>(
    requests: ManyRequests<M>,
    options?: ManyAskedOptions<O, K>,
  ): AnswerStream<ManyPartialInference<AskedOutputs<M, O, K>, K>>;
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

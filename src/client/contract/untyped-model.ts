import { isTriptychError, TriptychError } from "../../errors/index.ts";
import type { ModelContract } from "../../model-config/index.ts";
import { checkedModel } from "../admin/describe.ts";
import { type AnswerStream, answerStream } from "../inference/answer-stream.ts";
import { inferOnce, openInference } from "../inference/calls.ts";
import { checkInputs } from "../inference/check-inputs.ts";
import { streamMany } from "../inference/many.ts";
import { checkedRequests } from "../inference/many-requests.ts";
import type { ManyOptions, ManyPartialInference, ManyRequests } from "../inference/many-types.ts";
import type { Inference, InferOptions, InputsOf, OutputsOf, PartialInference } from "../inference/types.ts";
import type { NamedContract } from "../inference/untyped.ts";
import { type CallOptions, checkedDeadline, DEFAULT_DEADLINE_MS } from "../options.ts";
import { givenOptions, shownName } from "../shown.ts";
import type { Transport } from "../transport/transport.ts";
import { liveContract } from "./live.ts";

/** Tensors by the name of the input. */
type Inputs = InputsOf<ModelContract>;
/** Tensors by the name of the output. */
type Outputs = OutputsOf<ModelContract>;

/** A model that is known by its name only; what it takes and gives is asked of the server at the first call. */
export interface UntypedModel {
  readonly name: string;
  /**
   * What the server says of the model. Asked once, and again after a call that did not fit it.
   *
   * @throws TriptychError `model-not-found`; `access-denied` where the server does not show its configurations.
   */
  contract(options?: CallOptions): Promise<ModelContract>;
  /**
   * Runs a model that answers once, with the checks of the typed door.
   *
   * @throws TriptychError `request-invalid` for a decoupled model, and before anything is sent if an input does not
   * fit; `response-invalid` if an output does not.
   */
  infer(inputs: Inputs, options?: InferOptions): Promise<Inference<Outputs, string>>;
  /**
   * Runs a decoupled model, with the checks of the typed door; leaving the loop cancels it.
   *
   * @throws TriptychError `request-invalid` in the loop for a model that answers once.
   */
  stream(inputs: Inputs, options?: InferOptions): AnswerStream<PartialInference<Outputs, string>>;
  /**
   * Runs a decoupled model for many requests on one gRPC stream, as the typed door does.
   *
   * @throws TriptychError in the loop `request-invalid` for a model that answers once; `cancelled` where the signal aborts.
   */
  streamMany(
    requests: ManyRequests<ModelContract>,
    options?: ManyOptions,
  ): AnswerStream<ManyPartialInference<Outputs, string>>;
}

/** The models of a server by name, each with what is known of it so far. */
export function untypedModels(transport: Transport): (name: string) => UntypedModel {
  const known = new Map<string, ModelContract>();
  return (name) => untypedModel(new LiveContract(transport, checkedModel(name), known));
}

function untypedModel(live: LiveContract): UntypedModel {
  const { transport, name } = live;
  return {
    name,
    contract: async (options) => live.get(givenOptions(options) ?? {}),
    infer: async (inputs, options) => {
      const { model, rest } = await live.modelFor("infer", inputs, options);
      // The outputs that were asked for are there: that was checked.
      return live.watch(
        () => inferOnce(transport, model, inputs, rest) as Promise<Inference<Outputs, string>>,
      );
    },
    stream: (inputs, options) =>
      answerStream(options?.signal, async function* (signal) {
        const { model, rest } = await live.modelFor("stream", inputs, { ...givenOptions(options), signal });
        const answers = openInference(transport, model, inputs, rest);
        try {
          yield* answers as AsyncIterable<PartialInference<Outputs, string>>;
        } catch (reason) {
          live.forgetAfter(reason);
          throw reason;
        }
      }),
    streamMany: (requests, options) =>
      answerStream(
        options?.signal,
        // The outputs that were asked for are there: that was checked.
        (signal) =>
          live.many(requests, { ...givenOptions(options), signal }) as AsyncGenerator<
            ManyPartialInference<Outputs, string>,
            void,
            undefined
          >,
      ),
  };
}

/** A model's contract, kept until something does not fit it. */
class LiveContract {
  readonly transport: Transport;
  readonly name: string;
  readonly #known: Map<string, ModelContract>;

  constructor(transport: Transport, name: string, known: Map<string, ModelContract>) {
    this.transport = transport;
    this.name = name;
    this.#known = known;
  }

  /** Callers do not wait for each other's question: one who gives up would take the others along. */
  async get(options: CallOptions): Promise<ModelContract> {
    const known = this.#known.get(this.name);
    if (known !== undefined) return known;
    const contract = await liveContract(this.transport, this.name, options);
    this.#known.set(this.name, contract);
    return contract;
  }

  /** The model, if it takes this call; what is left of the deadline after the question goes to the call. */
  async modelFor(
    way: "infer" | "stream",
    inputs: Inputs,
    given?: InferOptions,
  ): Promise<{ readonly model: NamedContract; readonly rest: InferOptions }> {
    const options = givenOptions(given) ?? {};
    const until = performance.now() + checkedDeadline(options.deadlineMs ?? DEFAULT_DEADLINE_MS);
    const rest = (): InferOptions => ({ ...options, deadlineMs: Math.max(1, until - performance.now()) });
    const isOld = this.#known.has(this.name);
    const model = { name: this.name, contract: await this.get(rest()) };
    try {
      checkWay(model, way);
      checkInputs(model, inputs);
      return { model, rest: rest() };
    } catch (reason) {
      this.forgetAfter(reason);
      // The model may have been loaded anew since: nothing was sent, so it is asked once more.
      if (isOld) return this.modelFor(way, inputs, rest());
      throw reason;
    }
  }

  /** The entries of many requests; one that does not fit makes the model be asked anew the next time. */
  async *many(
    requests: ManyRequests<ModelContract>,
    options: ManyOptions = {},
  ): ReturnType<typeof streamMany> {
    const { signal, deadlineMs, headers } = options;
    const model = { name: this.name, contract: await this.get({ signal, deadlineMs, headers }) };
    try {
      checkWay(model, "stream");
    } catch (reason) {
      this.forgetAfter(reason);
      throw reason;
    }
    for await (const entry of streamMany(this.transport, model, checkedRequests(requests), options)) {
      this.forgetAfter(entry.error);
      yield entry;
    }
  }

  async watch<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (reason) {
      this.forgetAfter(reason);
      throw reason;
    }
  }

  forgetAfter(reason: unknown): void {
    const codes = ["request-invalid", "response-invalid", "model-not-found"] as const;
    if (codes.some((code) => isTriptychError(reason, code))) this.#known.delete(this.name);
  }
}

function checkWay({ name, contract }: NamedContract, way: "infer" | "stream"): void {
  if (contract.decoupled === (way === "stream")) return;
  const [is, other] = contract.decoupled
    ? ["may answer any number of times", "stream"]
    : ["answers a request once", "infer"];
  const model = shownName(name);
  throw new TriptychError("request-invalid", `${model} ${is}: expected a call of ${other}, got ${way}.`, {
    hint: `Call ${other}(inputs, options) of the same model.`,
    details: { model },
  });
}

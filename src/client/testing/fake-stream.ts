import type { ServerDuplexStream, status as Status } from "@grpc/grpc-js";
import type { Tensor } from "../../tensor/index.ts";
import type {
  ModelInferRequest,
  ModelInferResponse,
  ModelStreamInferResponse,
} from "../protocol/messages.ts";
import { responseOf } from "./messages.ts";

/** A status as gRPC's server takes it. */
export interface RpcFailure extends Error {
  readonly code: Status;
  readonly details: string;
}

/** The server's end of one stream. */
export class FakeStream {
  readonly request: ModelInferRequest;
  /** Fulfils when the client has left before the end. */
  readonly cancelled: Promise<void>;
  #isCancelled = false;
  #isEnded = false;
  readonly #call: ServerDuplexStream<ModelInferRequest, ModelStreamInferResponse>;

  constructor(
    call: ServerDuplexStream<ModelInferRequest, ModelStreamInferResponse>,
    request: ModelInferRequest,
  ) {
    this.#call = call;
    this.request = request;
    this.cancelled = new Promise((resolve) => {
      // The library emits this at the end of every call, however it came.
      call.once("cancelled", () => {
        if (this.#isEnded) return;
        this.#isCancelled = true;
        resolve();
      });
    });
    call.on("error", () => undefined);
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** A header of the call. */
  header(name: string): string | undefined {
    return this.#call.metadata.get(name)[0]?.toString();
  }

  /** Milliseconds that the client still gives the call. */
  get msLeft(): number {
    return Number(this.#call.getDeadline()) - Date.now();
  }

  /** One response with these outputs; false when it would be polite to wait for {@link drained}. */
  send(
    outputs: Readonly<Record<string, Tensor>>,
    { final = false, request = this.request }: { final?: boolean; request?: ModelInferRequest } = {},
  ): boolean {
    return this.respond(responseOf(request, outputs, final));
  }

  respond(response: ModelInferResponse): boolean {
    return this.#call.write({ error_message: "", infer_response: response });
  }

  /** Fulfils when the client has taken what was sent, or has left. */
  async drained(): Promise<void> {
    const taken = new Promise((resolve) => this.#call.once("drain", resolve));
    await Promise.race([taken, this.cancelled]);
  }

  /** A failure as text, as servers report it that were not asked for statuses; of one request by its id. */
  complain(message: string, request?: ModelInferRequest): void {
    const response =
      request === undefined ? null : { ...responseOf(request, {}), model_name: "", parameters: {} };
    this.#call.write({ error_message: message, infer_response: response });
  }

  fail(code: Status, details: string): void {
    this.#isEnded = true;
    this.#call.emit("error", { code, details });
  }

  end(): void {
    this.#isEnded = true;
    this.#call.end();
  }
}

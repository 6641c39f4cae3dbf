import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  status as Status,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { TriptychError } from "../../errors/index.ts";
import type {
  ModelInferRequest,
  ModelInferResponse,
  ModelStreamInferResponse,
  UnaryRpcs,
} from "../protocol/messages.ts";
import { services } from "../protocol/service.ts";
import { FakeStream, type RpcFailure } from "./fake-stream.ts";

type Handler<N extends keyof UnaryRpcs> = (
  request: UnaryRpcs[N]["request"],
  call: ServerUnaryCall<UnaryRpcs[N]["request"], UnaryRpcs[N]["response"]>,
) => UnaryRpcs[N]["response"] | Promise<UnaryRpcs[N]["response"]>;

/** How the fake answers; a call without a handler is answered with UNIMPLEMENTED. */
export type FakeHandlers = { readonly [N in keyof UnaryRpcs]?: Handler<N> } & {
  /** Called for the first request of each stream. */
  readonly ModelStreamInfer?: (stream: FakeStream) => void | Promise<void>;
  /** Called for every request of each stream; the stream ends when the client sends no more. */
  readonly EachStreamRequest?: (stream: FakeStream, request: ModelInferRequest) => void | Promise<void>;
};

/** A gRPC server in this process that speaks as Triton does. */
export interface FakeTriton {
  readonly endpoint: string;
  readonly port: number;
  /** Requests of both kinds of inference, in the order they came. */
  readonly requests: readonly ModelInferRequest[];
  /** Streams, in the order they came. */
  readonly streams: readonly FakeStream[];
  /** Ends at once, running calls included. */
  kill(): void;
}

/** Starts a fake on a port of its own, or the one given. */
export async function startFakeTriton(handlers: FakeHandlers, port = 0): Promise<FakeTriton> {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  const requests: ModelInferRequest[] = [];
  const streams: FakeStream[] = [];
  const implementation: UntypedServiceImplementation = {};
  const { inference, health } = services();
  for (const name of Object.keys({ ...inference, ...health })) {
    if (name !== "ModelStreamInfer") {
      implementation[name] = unaryHandler(
        handlers[name as keyof UnaryRpcs] as Handler<"ModelInfer">,
        requests,
      );
    }
  }
  implementation["ModelStreamInfer"] = (
    call: ServerDuplexStream<ModelInferRequest, ModelStreamInferResponse>,
  ) => {
    call.once("data", (request: ModelInferRequest) => {
      requests.push(request);
      const stream = new FakeStream(call, request);
      streams.push(stream);
      const { ModelStreamInfer: once, EachStreamRequest: each } = handlers;
      if (each === undefined) return void once?.(stream);
      void each(stream, request);
      call.on("data", (further: ModelInferRequest) => {
        requests.push(further);
        void each(stream, further);
      });
      // A client that cancels ends its side as well, and first.
      call.once("end", () => {
        setTimeout(() => {
          if (!stream.isCancelled) stream.end();
        }, 20);
      });
    });
  };
  server.addService(inference, implementation);
  server.addService(health, implementation);
  const bound = await listen(server, port);
  return {
    endpoint: `127.0.0.1:${bound}`,
    port: bound,
    requests,
    streams,
    kill: () => {
      server.forceShutdown();
    },
  };
}

function unaryHandler(handler: Handler<"ModelInfer"> | undefined, requests: ModelInferRequest[]) {
  return (
    call: ServerUnaryCall<ModelInferRequest, ModelInferResponse>,
    callback: sendUnaryData<ModelInferResponse>,
  ): void => {
    if (call.getPath().endsWith("/ModelInfer")) requests.push(call.request);
    const answer = async (): Promise<ModelInferResponse> => {
      if (handler === undefined) throw failure(Status.UNIMPLEMENTED, "not here");
      return handler(call.request, call);
    };
    answer().then(
      (response) => {
        callback(null, response);
      },
      (reason: unknown) => {
        callback(reason as RpcFailure);
      },
    );
  };
}

/** What a handler throws to answer with a status. */
export function failure(code: Status, details: string): RpcFailure {
  return Object.assign(new TriptychError("internal", details), { code, details });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}

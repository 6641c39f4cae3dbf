import { fromJSON, type MethodDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import descriptor from "./grpc-service.json" with { type: "json" };
import type { Rpcs } from "./messages.ts";

/** What gRPC must know of one call. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly serialize: (request: Request) => Buffer;
  readonly deserialize: (bytes: Buffer) => Response;
}

/** The JSON's own type has `string` where the descriptor's has a few literals. */
type Descriptor = Parameters<typeof fromJSON>[0];

let loaded: ServiceDefinition | undefined;

/** Triton's inference service, made from the packaged descriptor at the first call. */
export function inferenceService(): ServiceDefinition {
  loaded ??= fromJSON(descriptor as Descriptor, {
    keepCase: true, // names as in the .proto
    longs: String, // exact, whichever version of protobufjs is installed
    enums: String,
    defaults: true, // empty lists and strings rather than gaps
    oneofs: true,
  })["inference.GRPCInferenceService"] as ServiceDefinition;
  return loaded;
}

/** One call of the service with its message types. */
export function rpc<N extends keyof Rpcs>(name: N): Method<Rpcs[N]["request"], Rpcs[N]["response"]> {
  const definition = inferenceService()[name] as MethodDefinition<Rpcs[N]["request"], Rpcs[N]["response"]>;
  return {
    path: definition.path,
    serialize: definition.requestSerialize,
    deserialize: definition.responseDeserialize,
  };
}

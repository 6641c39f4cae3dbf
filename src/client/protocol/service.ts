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

interface Services {
  /** Triton's own. */
  readonly inference: ServiceDefinition;
  /** gRPC's, which tells only whether the server is well. */
  readonly health: ServiceDefinition;
}

let loaded: Services | undefined;

/** The services that Triton speaks, made from the packaged descriptor at the first call. */
export function services(): Services {
  loaded ??= load();
  return loaded;
}

function load(): Services {
  const definitions = fromJSON(descriptor as Descriptor, {
    keepCase: true, // names as in the .proto
    longs: String, // exact, whichever version of protobufjs is installed
    enums: String,
    defaults: true, // empty lists and strings rather than gaps
    oneofs: true,
  });
  return {
    inference: definitions["inference.GRPCInferenceService"] as ServiceDefinition,
    health: definitions["grpc.health.v1.Health"] as ServiceDefinition,
  };
}

/** One call of a service with its message types. */
export function rpc<N extends keyof Rpcs>(name: N): Method<Rpcs[N]["request"], Rpcs[N]["response"]> {
  const { inference, health } = services();
  const definition = (inference[name] ?? health[name]) as MethodDefinition<
    Rpcs[N]["request"],
    Rpcs[N]["response"]
  >;
  return {
    path: definition.path,
    serialize: definition.requestSerialize,
    deserialize: definition.responseDeserialize,
  };
}
